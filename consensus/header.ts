/**
 * The header: everything a block commits to, as an RLP list in the order of PROTOCOL 4.1, and its hash, which is the
 * block's id: blockHash = sha256(domain || rlp(header)).
 */
import type { Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { domainHash } from '../core/hash.ts'
import { encodeRlp, encodeUint, type RlpItem, rlpBytes, rlpBytesMax, rlpList, rlpNumber, rlpUint } from '../core/rlp.ts'
import type { Header } from './types.ts'

export const HEADER_VERSION = 1
/** PROTOCOL 4.1. */
export const MAX_EXTRA_DATA_BYTES = 32
/** What the decoder lets through in the two reserved fields. Validation wants them empty and says so by name. */
const MAX_RESERVED_BYTES = 1_024
const HEADER_FIELDS = 25

export type HeaderErrorCode = 'HEADER_INVALID' | 'HEADER_VERSION'

const invalid = (why: string): QuernError<HeaderErrorCode> =>
  new QuernError('HEADER_INVALID', `malformed header: ${why}; drop it`)

export const encodeHeader = (h: Header): RlpItem => [
  encodeUint(h.version),
  encodeUint(h.chainId),
  encodeUint(h.height),
  encodeUint(h.epoch),
  encodeUint(h.view),
  h.parentHash,
  encodeUint(h.timestampMs),
  h.proposer,
  h.txRoot,
  h.receiptRoot,
  h.stateRoot,
  h.computeRoot,
  h.seqCommit,
  h.validatorsHash,
  h.parentCertificateHash,
  encodeUint(h.gasLimit),
  encodeUint(h.gasUsed),
  encodeUint(h.gramUsed),
  encodeUint(h.baseFeePerGas),
  h.randomnessReveal,
  encodeUint(h.resultCount),
  encodeUint(h.difficulty),
  h.zkStateProof,
  h.zkComputeProof,
  h.extraData,
]

/** Either nothing or exactly `length` bytes. */
function absentOr(item: RlpItem | undefined, length: number, name: string): Uint8Array {
  const bytes = rlpBytesMax(item, length)
  if (bytes.length !== 0 && bytes.length !== length) throw invalid(`${name} must be empty or ${length} bytes`)
  return bytes
}

/** @throws QuernError `HEADER_VERSION` for a version not known here, `RLP_SHAPE`, `RLP_INVALID` or `HEADER_INVALID` */
export function decodeHeader(item: RlpItem | undefined): Header {
  const version = rlpNumber(rlpList(item)[0])
  if (version !== HEADER_VERSION) {
    throw new QuernError('HEADER_VERSION', `block of version ${version}: upgrade this node`, { version })
  }
  const f = rlpList(item, HEADER_FIELDS)
  return {
    version,
    chainId: rlpNumber(f[1]),
    height: rlpNumber(f[2]),
    epoch: rlpNumber(f[3]),
    view: rlpNumber(f[4]),
    parentHash: rlpBytes(f[5], 32),
    timestampMs: rlpNumber(f[6]),
    proposer: rlpBytes(f[7], 20),
    txRoot: rlpBytes(f[8], 32),
    receiptRoot: rlpBytes(f[9], 32),
    stateRoot: rlpBytes(f[10], 32),
    computeRoot: absentOr(f[11], 32, 'computeRoot'),
    seqCommit: rlpBytes(f[12], 32),
    validatorsHash: rlpBytes(f[13], 32),
    parentCertificateHash: rlpBytes(f[14], 32),
    gasLimit: rlpNumber(f[15]),
    gasUsed: rlpNumber(f[16]),
    gramUsed: rlpNumber(f[17]),
    baseFeePerGas: rlpUint(f[18]),
    randomnessReveal: absentOr(f[19], 96, 'randomnessReveal'),
    resultCount: rlpNumber(f[20]),
    difficulty: rlpUint(f[21]),
    zkStateProof: rlpBytesMax(f[22], MAX_RESERVED_BYTES),
    zkComputeProof: rlpBytesMax(f[23], MAX_RESERVED_BYTES),
    extraData: rlpBytesMax(f[24], MAX_EXTRA_DATA_BYTES),
  }
}

/** What every version of a header has in the same place. */
export interface ForeignHeader {
  readonly version: number
  readonly height: number
  readonly hash: Hash
}

/**
 * A header of any version, which is a list that begins with version, chainId and height, and is hashed whole.
 * @throws QuernError from the RLP reader
 */
export function readForeignHeader(item: RlpItem | undefined): ForeignHeader {
  const fields = rlpList(item)
  return {
    version: rlpNumber(fields[0]),
    height: rlpNumber(fields[2]),
    hash: domainHash('blockHash', encodeRlp(fields)),
  }
}

export const headerHash = (header: Header): Hash => domainHash('blockHash', encodeRlp(encodeHeader(header)))
