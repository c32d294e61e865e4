/**
 * Wire form of what a joining node asks for: state, in ranges, and the receipts that blocks do not carry.
 *
 *     requests     32 || [height, position]        33 || [fromHeight, count]
 *     responses    32 || [0]                                                   the state after that block is not here
 *                  32 || [1, [key, value, ...], [kind || hash, ...], witness]  every record below the position, with the proof
 *                                                                              of core/smt/range.ts; witness = [] | [key, value hash]
 *                  32 || [2, bits]                                             too much for one answer: ask for longer prefixes
 *                  33 || [[receipt, ...], ...]                                 one list for each block, each encoded as a string
 */
import { concatBytes, equalBytes, type Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, encodeUint, type RlpItem, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'
import type { ProofSibling, RangeProof } from '../core/smt/index.ts'
import { NODE_EMPTY, NODE_INTERNAL, NODE_LEAF, positionLevel, positionOf, TREE_DEPTH } from '../core/smt/index.ts'
import { decodeReceipt, encodeReceipt } from '../vm/execution/receipt.ts'
import type { Receipt } from '../vm/execution/types.ts'

/**
 * Keys and values of one answer, encoded. Some 20,000 accounts: a server reads, and a client hashes and writes, so many in a
 * tenth of a second, and a slow line carries them in one.
 */
export const CHUNK_TARGET_BYTES = 1 << 20
/** A lone record may exceed the target, for it cannot be split; the largest ones have some kilobytes. */
export const MAX_CHUNK_BYTES = 2 * CHUNK_TARGET_BYTES
/** Nobody can find enough keys for two answers, 20,000 hashes, that share so many bits: whoever splits below this lies. */
export const MAX_SPLIT_LEVEL = 64
/** Levels that a server may tell a client to go down at once: 4,096 prefixes more to ask for. */
export const MAX_SPLIT_BITS = 12

/** A key and an empty value take 34 bytes. */
const CHUNK_LIMITS = { maxBytes: MAX_CHUNK_BYTES, maxDepth: 3, maxItems: 2 * Math.ceil(MAX_CHUNK_BYTES / 34) + 1_024 }
const RECEIPTS_LIMITS = { maxBytes: 8 << 20, maxDepth: 2, maxItems: 128 }

export interface StateRecord {
  readonly key: Hash
  readonly value: Uint8Array
}

export type StateChunk =
  | { readonly kind: 'records'; readonly records: readonly StateRecord[]; readonly proof: RangeProof }
  /** Nothing proves it. `bits`: how many levels further down the server expects that an answer fits; at least 1. */
  | { readonly kind: 'split'; readonly bits: number }
  | { readonly kind: 'unheld' }

export interface ChunkRequest {
  readonly type: 'chunk'
  /** Of the final block after which the state is asked for. */
  readonly height: number
  /** core/smt/position.ts: keys that begin with its path, down to its level. */
  readonly position: Uint8Array
}

/** Of consecutive final blocks; the peer may send fewer. */
export interface ReceiptsRequest {
  readonly type: 'receipts'
  readonly fromHeight: number
  readonly count: number
}

const malformed = (what: string): QuernError => new QuernError('RLP_SHAPE', `state range: ${what}`)

// ------------------------------------------------------------------------------------------------------ questions

export const encodeChunkRequest = ({ height, position }: ChunkRequest): Uint8Array =>
  encodeRlp([encodeUint(height), position])

/** @throws QuernError from the RLP reader */
export function readChunkRequest(item: RlpItem): ChunkRequest {
  const [height, position] = rlpList(item, 2)
  const bytes = rlpBytes(position, 34)
  // One spelling for each position: the bits below its level are zero.
  const level = positionLevel(bytes)
  if (level > TREE_DEPTH || !equalBytes(positionOf(bytes, level), bytes)) throw malformed('no such position')
  return { type: 'chunk', height: rlpNumber(height), position: bytes }
}

export const encodeReceiptsRequest = ({ fromHeight, count }: ReceiptsRequest): Uint8Array =>
  encodeRlp([fromHeight, count].map(encodeUint))

/** @throws QuernError from the RLP reader */
export function readReceiptsRequest(item: RlpItem): ReceiptsRequest {
  const [fromHeight, count] = rlpList(item, 2)
  return { type: 'receipts', fromHeight: rlpNumber(fromHeight), count: rlpNumber(count) }
}

// -------------------------------------------------------------------------------------------------------- answers

export function encodeChunk(chunk: StateChunk): Uint8Array {
  switch (chunk.kind) {
    case 'unheld':
      return encodeRlp([encodeUint(0)])
    case 'split':
      return encodeRlp([encodeUint(2), encodeUint(chunk.bits)])
    case 'records': {
      const { siblings, witness } = chunk.proof
      return encodeRlp([
        encodeUint(1),
        chunk.records.flatMap(({ key, value }) => [key, value]),
        siblings.map(({ kind, hash }) => concatBytes(Uint8Array.of(kind), hash)),
        witness === undefined ? [] : [witness.key, witness.valueHash],
      ])
    }
  }
}

/** The answer shares memory with `bytes`. @throws QuernError from the RLP reader */
export function decodeChunk(bytes: Uint8Array): StateChunk {
  const fields = rlpList(decodeRlp(bytes, CHUNK_LIMITS))
  const tag = rlpNumber(fields[0])
  if (tag === 0 && fields.length === 1) return { kind: 'unheld' }
  if (tag === 2 && fields.length === 2) {
    const bits = rlpNumber(fields[1])
    if (bits < 1 || bits > MAX_SPLIT_BITS) throw malformed('a split of too many levels')
    return { kind: 'split', bits }
  }
  if (tag !== 1 || fields.length !== 4) throw malformed('no known answer')
  const flat = rlpList(fields[1])
  if (flat.length % 2 !== 0) throw malformed('a key without a value')
  const records: StateRecord[] = []
  for (let i = 0; i < flat.length; i += 2) records.push({ key: rlpBytes(flat[i], 32), value: rlpBytes(flat[i + 1]) })
  const siblings = rlpList(fields[2])
  if (siblings.length > TREE_DEPTH) throw malformed('a path longer than the tree is deep')
  const witness = rlpList(fields[3])
  return {
    kind: 'records',
    records,
    proof: {
      siblings: siblings.map(readSibling),
      witness:
        witness.length === 0
          ? undefined
          : { key: rlpBytes(witness[0], 32), valueHash: rlpBytes(rlpList(witness, 2)[1], 32) },
    },
  }
}

function readSibling(item: RlpItem): ProofSibling {
  const bytes = rlpBytes(item, 33)
  const kind = bytes[0]
  if (kind !== NODE_EMPTY && kind !== NODE_LEAF && kind !== NODE_INTERNAL) throw malformed('unknown kind of sibling')
  return { kind, hash: bytes.subarray(1) }
}

export const encodeReceipts = (blocks: readonly (readonly Receipt[])[]): Uint8Array =>
  encodeRlp(blocks.map((receipts) => encodeRlp(receipts.map(encodeReceipt))))

/** @throws QuernError from the decoders */
export const decodeReceipts = (bytes: Uint8Array): Receipt[][] =>
  rlpList(decodeRlp(bytes, RECEIPTS_LIMITS)).map((block) =>
    rlpList(decodeRlp(rlpBytes(block))).map((receipt) => decodeReceipt(rlpBytes(receipt))),
  )
