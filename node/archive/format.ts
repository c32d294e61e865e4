/**
 * Archives: a stretch of the final chain in one file, to keep, to hand on, to serve from a plain web server.
 *
 * The container is e2store, as Ethereum's era files are: records one after another, each type (2 bytes), length (u32 little
 * endian), reserved (2 zero bytes), content. Readers pass over types they do not know.
 *
 *     'e2'     version, empty: the first record
 *     'q' 00   origin: rlp([format = 1, genesis hash, first height])
 *     'q' 01   genesis.json                                                                        deflated
 *     then for each block, ascending:
 *     'q' 02   block, as on the wire: header, envelopes, notarization of the parent                 deflated
 *     'q' 03   receipts: rlp([receipt, ...])                                                        deflated
 *     'q' 04   finalization, where the block was finalised directly: rlp(certificate)
 *     'q' 05   state writes, where they were asked for: rlp([[tree key, value] | [tree key], ...])  deflated
 *     and at the end:
 *     'q' 06   notarization of the last block: rlp(certificate)
 *     'q' 07   sha256 of every byte before this record
 *     'f2'     index: first height || offset of each block's record, from the start of this one || count; i64 little endian
 *
 * Raw deflate at level 6 makes blocks a tenth smaller, as much as brotli at a quality of the same speed; signatures and hashes do not
 * compress. Two files of one range need not be equal byte by byte where two versions of zlib made them; what they hold is.
 *
 * Nothing in a file is believed: block hashes, roots and certificates decide, when it is replayed or imported. The checksum
 * tells a bad disk from a bad chain.
 */
import { QuernError } from '../../core/errors.ts'

export type ArchiveErrorCode =
  | 'ARCHIVE_UNKNOWN'
  | 'ARCHIVE_TORN'
  | 'ARCHIVE_CORRUPT'
  | 'ARCHIVE_ORDER'
  | 'ARCHIVE_CHECKSUM'
  | 'ARCHIVE_RANGE'
  | 'ARCHIVE_OTHER_CHAIN'
  | 'ARCHIVE_NOT_FINAL'
  | 'ARCHIVE_EXISTS'
  | 'ARCHIVE_SOURCE'

export const ARCHIVE_FORMAT = 1

export const HEADER_BYTES = 8
const MIB = 1 << 20

/** Type, and the most bytes its content may take, packed and unpacked. */
export const RECORD = {
  version: { type: 0x65_32, maxBytes: 0 },
  origin: { type: 0x71_00, maxBytes: 64 },
  /** Two hundred thousand accounts. */
  genesis: { type: 0x71_01, maxBytes: 16 * MIB },
  /** PROTOCOL 4.2, and what deflate adds to bytes that it cannot pack. */
  block: { type: 0x71_02, maxBytes: 2 * MIB + 1_024 },
  /** A full block has 20,971 at most, of some 60 bytes. */
  receipts: { type: 0x71_03, maxBytes: 2 * MIB },
  certificate: { type: 0x71_04, maxBytes: 1_024 },
  /** Two accounts a transfer, a hundred bytes each; and an epoch's end may pay and forget thousands of records. */
  writes: { type: 0x71_05, maxBytes: 32 * MIB },
  notarization: { type: 0x71_06, maxBytes: 1_024 },
  checksum: { type: 0x71_07, maxBytes: 32 },
  /** Eight bytes a block: two million of them. */
  index: { type: 0x66_32, maxBytes: 16 * MIB },
} as const

export type RecordName = keyof typeof RECORD

const NAMES = new Map<number, RecordName>(Object.entries(RECORD).map(([name, { type }]) => [type, name as RecordName]))

export interface RecordHeader {
  /** Undefined: of a type this version does not know. */
  readonly name: RecordName | undefined
  readonly length: number
}

export function encodeRecord(name: RecordName, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + content.length)
  bytes.writeUInt16BE(RECORD[name].type, 0)
  bytes.writeUInt32LE(content.length, 2)
  bytes.set(content, HEADER_BYTES)
  return bytes
}

/** @param at where it stands, for the error. @throws QuernError `ARCHIVE_CORRUPT` */
export function decodeHeader(bytes: Buffer, at: number): RecordHeader {
  const name = NAMES.get(bytes.readUInt16BE(0))
  const length = bytes.readUInt32LE(2)
  if (bytes.readUInt16LE(6) !== 0) throw corrupt('a record header has bytes that must be zero', at)
  // What is not known may be as long as the longest that is.
  if (length > RECORD[name ?? 'writes'].maxBytes) throw corrupt(`a record of ${length} bytes is too long`, at)
  return { name, length }
}

export const corrupt = (what: string, at: number, cause?: unknown): QuernError<ArchiveErrorCode> =>
  new QuernError('ARCHIVE_CORRUPT', `byte ${at}: ${what}; fetch the archive again`, { at }, { cause })

/** Offsets are of block records, from the start of the file; answered from the start of the index, as era files have it. */
export function encodeIndex(first: number, offsets: readonly number[], indexAt: number): Buffer {
  const bytes = Buffer.alloc(8 * (offsets.length + 2))
  bytes.writeBigInt64LE(BigInt(first), 0)
  for (const [i, offset] of offsets.entries()) bytes.writeBigInt64LE(BigInt(offset - indexAt), 8 * (i + 1))
  bytes.writeBigInt64LE(BigInt(offsets.length), 8 * (offsets.length + 1))
  return bytes
}

/** `quern-<genesis>-<first>-<last>-<hash of the last block>.era`: unique, sorted by height, and fixed once it is written. */
export const archiveName = (genesisHash: string, first: number, last: number, lastHash: string): string =>
  `quern-${genesisHash.slice(2, 10)}-${pad(first)}-${pad(last)}-${lastHash.slice(2, 10)}.era`

const pad = (height: number): string => String(height).padStart(10, '0')
