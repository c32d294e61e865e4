/** Reads an archive (format.ts): any block by the index, or all of them in order with every byte under the checksum. */
import { createHash, type Hash as Hasher } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { decodeBlock } from '../../consensus/block.ts'
import { decodeCertificate } from '../../consensus/certificate.ts'
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Block, Certificate } from '../../consensus/types.ts'
import { bls } from '../../core/bls.ts'
import { equalBytes, fromUtf8, type Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { decodeRlp, rlpBytes, rlpList, rlpNumber } from '../../core/rlp.ts'
import { decodeReceipt, receiptRoot } from '../../vm/execution/receipt.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import { type Genesis, parseGenesis } from '../../vm/genesis.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import { type ByteSource, buffered, openSource } from './byte-source.ts'
import {
  ARCHIVE_FORMAT,
  type ArchiveErrorCode,
  corrupt,
  decodeHeader,
  HEADER_BYTES,
  RECORD,
  type RecordName,
} from './format.ts'

export interface ArchivedBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  /** What the next block carries, and for the last one its own record. */
  readonly notarization: Certificate | undefined
  readonly finalization: Certificate | undefined
  /** What the block changed in the state, if the archive was made with it. */
  readonly writes: readonly StateWrite[] | undefined
}

export interface ArchiveRecord {
  readonly name: RecordName | undefined
  readonly content: Buffer
  /** Of its header, from the start of the file. */
  readonly at: number
}

const inflateRaw = promisify(zlib.inflateRaw)

const torn = (source: ByteSource): QuernError<ArchiveErrorCode> =>
  new QuernError('ARCHIVE_TORN', `${source.name} ends early: fetch or export it again`)

/** @returns undefined at the end. @throws QuernError `ARCHIVE_TORN`, `ARCHIVE_CORRUPT` */
export async function readRecord(source: ByteSource, at: number): Promise<ArchiveRecord | undefined> {
  if (at === source.size) return undefined
  if (at + HEADER_BYTES > source.size) throw torn(source)
  const { name, length } = decodeHeader(await source.read(at, HEADER_BYTES), at)
  if (at + HEADER_BYTES + length > source.size) throw torn(source)
  return { name, at, content: await source.read(at + HEADER_BYTES, length) }
}

/** A Buffer's `slice` does not copy; nothing above should meet one. */
const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)

/** @throws QuernError `ARCHIVE_CORRUPT` */
async function inflated({ name, content, at }: ArchiveRecord): Promise<Uint8Array> {
  try {
    return plain(await inflateRaw(content, { maxOutputLength: RECORD[name!].maxBytes }))
  } catch (cause) {
    throw corrupt(`the ${name} does not unpack`, at, cause)
  }
}

/** Whatever a decoder finds wrong is wrong at a place in the file. */
function decoded<T>(record: ArchiveRecord, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof QuernError)) throw cause
    throw corrupt(`the ${record.name} is malformed (${cause.code}: ${cause.message})`, record.at, cause)
  }
}

const decodeWrites = (bytes: Uint8Array): StateWrite[] =>
  rlpList(decodeRlp(bytes, { maxBytes: RECORD.writes.maxBytes, maxDepth: 3, maxItems: 1 << 21 })).map((item) => {
    const [key, value] = rlpList(item)
    return { treeKey: rlpBytes(key, 32), value: value === undefined ? undefined : rlpBytes(value) }
  })

export const readBlock = async (record: ArchiveRecord): Promise<Block> => {
  const bytes = await inflated(record)
  return decoded(record, () => decodeBlock(bytes))
}

type Group = { -readonly [K in keyof ArchivedBlock]: ArchivedBlock[K] }

export class ArchiveReader {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  /** Heights of the first and the last block. */
  readonly first: number
  readonly last: number
  readonly #source: ByteSource
  readonly #offsets: readonly number[]

  private constructor(
    source: ByteSource,
    head: { readonly genesis: Genesis; readonly genesisHash: Hash; readonly first: number },
    offsets: readonly number[],
  ) {
    this.#source = source
    this.genesis = head.genesis
    this.genesisHash = head.genesisHash
    this.first = head.first
    this.last = head.first + offsets.length - 1
    this.#offsets = offsets
  }

  /**
   * @param place a file, or an http(s) address
   * @throws QuernError ArchiveErrorCode, or from the genesis
   */
  static async open(place: string): Promise<ArchiveReader> {
    const source = await openSource(place)
    try {
      const head = await readHead(source)
      return new ArchiveReader(source, head, await readIndex(source, head.first, head.blocksAt))
    } catch (error) {
      await source.close()
      throw error
    }
  }

  get size(): number {
    return this.#source.size
  }

  /** Bytes of the file up to and with this block. */
  bytesUpTo(height: number): number {
    return this.#offsets[height - this.first + 1] ?? this.size
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  /**
   * Blocks in order, each linked to the one before. Read from the first to the last, the checksum is compared at the end.
   * @throws QuernError ArchiveErrorCode
   */
  async *blocks(from = this.first, to = this.last): AsyncGenerator<ArchivedBlock> {
    if (from < this.first || to > this.last || from > to) {
      throw new QuernError(
        'ARCHIVE_RANGE',
        `${this.#source.name} holds blocks ${this.first} to ${this.last}: ask for some of those`,
        { first: this.first, last: this.last },
      )
    }
    const source = buffered(this.#source)
    const isWhole = from === this.first && to === this.last
    let at = isWhole ? 0 : this.#offsets[from - this.first]!
    const hasher = isWhole ? createHash('sha256') : undefined
    let group: Group | undefined
    for (;;) {
      const record = await readRecord(source, at)
      if (record === undefined) throw torn(source)
      if (record.name === 'checksum') {
        if (hasher !== undefined && !hasher.digest().equals(record.content)) throw badSum(source)
        break
      }
      if (hasher !== undefined) await feed(hasher, source, record)
      at += HEADER_BYTES + record.content.length
      if (record.name === 'block') {
        const block = await readBlock(record)
        const height = block.header.height
        this.#checkPlace(record, block, group?.block)
        if (group !== undefined) {
          yield checked({ ...group, notarization: block.parentCertificate }, at)
          if (height > to) return
        }
        group = { block, receipts: [], notarization: undefined, finalization: undefined, writes: undefined }
      } else if (group !== undefined) await addTo(group, record)
    }
    if (group?.block.header.height !== to) throw corrupt(`block ${to} is missing`, at)
    yield checked(group, at)
  }

  #checkPlace({ at }: ArchiveRecord, block: Block, above: Block | undefined): void {
    const { height, parentHash } = block.header
    if (this.#offsets[height - this.first] !== at) {
      throw new QuernError('ARCHIVE_ORDER', `block ${height} stands in another place than the index says`, { height })
    }
    if (above !== undefined && !equalBytes(above.hash, parentHash)) {
      throw new QuernError('ARCHIVE_ORDER', `block ${height} does not follow the one before it in the file`, { height })
    }
  }
}

function checked(group: ArchivedBlock, at: number): ArchivedBlock {
  const { receiptRoot: expected, height } = group.block.header
  if (equalBytes(receiptRoot(group.receipts), expected)) return group
  throw corrupt(`the receipts of block ${height} are not those its header names`, at)
}

const badSum = (source: ByteSource): QuernError<ArchiveErrorCode> =>
  new QuernError('ARCHIVE_CHECKSUM', `the checksum of ${source.name} is wrong: fetch it again`)

async function feed(hasher: Hasher, source: ByteSource, { at, content }: ArchiveRecord): Promise<void> {
  hasher.update(await source.read(at, HEADER_BYTES))
  hasher.update(content)
}

async function addTo(group: Group, record: ArchiveRecord): Promise<void> {
  switch (record.name) {
    case 'receipts': {
      const bytes = await inflated(record)
      const list = decoded(record, () => rlpList(decodeRlp(bytes)).map((item) => decodeReceipt(rlpBytes(item))))
      group.receipts = list
      return
    }
    case 'writes': {
      const bytes = await inflated(record)
      group.writes = decoded(record, () => decodeWrites(bytes))
      return
    }
    case 'certificate':
      group.finalization = decoded(record, () => decodeCertificate(decodeRlp(plain(record.content))))
      return
    case 'notarization':
      group.notarization = decoded(record, () => decodeCertificate(decodeRlp(plain(record.content))))
  }
}

/** Of an archive's first three records. @throws QuernError ArchiveErrorCode */
async function readHead(source: ByteSource) {
  const unknown = (): QuernError<ArchiveErrorCode> =>
    new QuernError(
      'ARCHIVE_UNKNOWN',
      `${source.name} is no archive of a Quern chain: name one made by \`quern chain export\``,
    )
  const version = await readRecord(source, 0).catch(() => undefined)
  if (version?.name !== 'version') throw unknown()
  const origin = await readRecord(source, HEADER_BYTES)
  if (origin?.name !== 'origin') throw unknown()
  const { format, genesisHash, first } = decoded(origin, () => {
    const fields = rlpList(decodeRlp(plain(origin.content)))
    return { format: rlpNumber(fields[0]), genesisHash: rlpBytes(fields[1], 32), first: rlpNumber(fields[2]) }
  })
  if (format !== ARCHIVE_FORMAT) {
    throw new QuernError('ARCHIVE_UNKNOWN', `${source.name} has format ${format}: use a newer version of quern`)
  }
  const record = await readRecord(source, origin.at + HEADER_BYTES + origin.content.length)
  if (record?.name !== 'genesis') throw unknown()
  const text = await inflated(record)
  const genesis = decoded(record, () => parseGenesis(JSON.parse(fromUtf8(text)), bls))
  if (!equalBytes(genesisBlock(genesis).block.hash, genesisHash))
    throw corrupt('the genesis has another hash', record.at)
  return { genesis, genesisHash, first, blocksAt: record.at + HEADER_BYTES + record.content.length }
}

/** Offsets of the block records. @throws QuernError ArchiveErrorCode */
async function readIndex(source: ByteSource, first: number, blocksAt: number): Promise<number[]> {
  if (source.size < blocksAt + HEADER_BYTES + 24) throw torn(source)
  const count = Number((await source.read(source.size - 8, 8)).readBigInt64LE(0))
  const length = 8 * (count + 2)
  const at = source.size - HEADER_BYTES - length
  if (!Number.isSafeInteger(count) || count < 1 || at < blocksAt) throw torn(source)
  const record = await readRecord(source, at)
  if (record?.name !== 'index' || record.content.length !== length) throw torn(source)
  if (Number(record.content.readBigInt64LE(0)) !== first) throw corrupt('the index begins at another height', at)
  const offsets = Array.from({ length: count }, (_, i) => at + Number(record.content.readBigInt64LE(8 * (i + 1))))
  const isAscending = offsets.every((offset, i) => offset > (offsets[i - 1] ?? blocksAt - 1) && offset < at)
  if (offsets[0] !== blocksAt || !isAscending) throw corrupt('the index points outside the blocks', at)
  return offsets
}
