/**
 * A multi-proof and its wire form: five sections, each a u32 little-endian count, then that many items.
 *
 *     keys         32: key
 *     leaves       38: depth u16 LE, key index u32 LE, value hash 32
 *     siblings     33: kind u8, hash 32
 *     topology      1: eight bits
 *     memberships   5: tag u8 (0 present, 1 absent), leaf index u32 LE
 */
import type { Hash } from '../bytes.ts'
import { QuernError } from '../errors.ts'
import { NODE_EMPTY, NODE_INTERNAL, NODE_LEAF, type NodeKind } from './node.ts'
import { TREE_DEPTH } from './position.ts'

/** Queried keys in one proof. A block's transactions touch fewer; a proof of so many is verified in about a second. */
export const MAX_PROOF_KEYS = 65_536
/** Size of a proof a decoder looks at: MAX_PROOF_KEYS keys spread evenly need less. */
export const MAX_PROOF_BYTES = 32 * 1024 * 1024

export interface ProofLeaf {
  /** Level at which the walk meets the leaf, 0 to 256. */
  readonly depth: number
  readonly keyIndex: number
  /** Zero for an empty place. */
  readonly valueHash: Hash
}

export interface ProofSibling {
  readonly kind: NodeKind
  readonly hash: Hash
}

/** What answers one queried key: a leaf of that very key, or a leaf whose place the key would have to be in. */
export interface ProofMembership {
  readonly present: boolean
  readonly leafIndex: number
}

export interface MultiProof {
  /** The queried keys, strictly ascending, then the keys of foreign witness leaves, strictly ascending. */
  readonly keys: readonly Hash[]
  /** Left to right. */
  readonly leaves: readonly ProofLeaf[]
  /** In the order of the walk. */
  readonly siblings: readonly ProofSibling[]
  /** One bit for each walked node that is no proof leaf, least significant bit first, padded with zeros. */
  readonly topology: Uint8Array
  /** One for each queried key. */
  readonly memberships: readonly ProofMembership[]
}

const KEY_SIZE = 32
const LEAF_SIZE = 38
const SIBLING_SIZE = 33
const MEMBERSHIP_SIZE = 5
const TAG_PRESENT = 0
const TAG_ABSENT = 1

export const invalidProof = (message: string, meta: Record<string, number> = {}): QuernError<'PROOF_INVALID'> =>
  new QuernError('PROOF_INVALID', `state proof refused: ${message}`, meta)

export function encodeMultiProof(proof: MultiProof): Uint8Array {
  const { keys, leaves, siblings, topology, memberships } = proof
  const items = keys.length * KEY_SIZE + leaves.length * LEAF_SIZE + siblings.length * SIBLING_SIZE
  const out = new Uint8Array(5 * 4 + items + topology.length + memberships.length * MEMBERSHIP_SIZE)
  const view = new DataView(out.buffer)
  let at = 0
  const count = (value: number): void => {
    view.setUint32(at, value, true)
    at += 4
  }
  count(keys.length)
  for (const key of keys) {
    out.set(key, at)
    at += KEY_SIZE
  }
  count(leaves.length)
  for (const { depth, keyIndex, valueHash } of leaves) {
    view.setUint16(at, depth, true)
    view.setUint32(at + 2, keyIndex, true)
    out.set(valueHash, at + 6)
    at += LEAF_SIZE
  }
  count(siblings.length)
  for (const { kind, hash } of siblings) {
    out[at] = kind
    out.set(hash, at + 1)
    at += SIBLING_SIZE
  }
  count(topology.length)
  out.set(topology, at)
  at += topology.length
  count(memberships.length)
  for (const { present, leafIndex } of memberships) {
    out[at] = present ? TAG_PRESENT : TAG_ABSENT
    view.setUint32(at + 1, leafIndex, true)
    at += MEMBERSHIP_SIZE
  }
  return out
}

/**
 * Strict in form: fields in range, nothing cut off, nothing left over. What the parts mean together is for the walker
 * to judge (`verifyMultiProof`, `computeRoots`). The answer shares memory with `bytes`.
 * @throws QuernError `PROOF_INVALID`
 */
export function decodeMultiProof(bytes: Uint8Array): MultiProof {
  if (bytes.length > MAX_PROOF_BYTES) throw invalidProof('too large', { length: bytes.length, max: MAX_PROOF_BYTES })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  /** Reads one section. The count is held against the bytes that are there before anything is allocated for it. */
  const section = (size: number): number[] => {
    if (bytes.length - at < 4) throw invalidProof('cut off in a count', { offset: at })
    const count = view.getUint32(at, true)
    const start = at + 4
    if (count * size > bytes.length - start)
      throw invalidProof('count exceeds the bytes that follow', { count, offset: at })
    at = start + count * size
    return Array.from({ length: count }, (_, i) => start + i * size)
  }
  const hashAt = (offset: number): Hash => bytes.subarray(offset, offset + 32)

  const keys = section(KEY_SIZE).map(hashAt)
  const leaves = section(LEAF_SIZE).map((offset): ProofLeaf => {
    const depth = view.getUint16(offset, true)
    if (depth > TREE_DEPTH) throw invalidProof('leaf deeper than the tree', { depth })
    return { depth, keyIndex: view.getUint32(offset + 2, true), valueHash: hashAt(offset + 6) }
  })
  const siblings = section(SIBLING_SIZE).map((offset): ProofSibling => {
    const kind = bytes[offset]
    if (kind !== NODE_EMPTY && kind !== NODE_LEAF && kind !== NODE_INTERNAL) {
      throw invalidProof('unknown kind of sibling', { kind: kind ?? -1 })
    }
    return { kind, hash: hashAt(offset + 1) }
  })
  const topologyStart = at + 4
  const topology = bytes.subarray(topologyStart, topologyStart + section(1).length)
  const memberships = section(MEMBERSHIP_SIZE).map((offset): ProofMembership => {
    const tag = bytes[offset]
    if (tag !== TAG_PRESENT && tag !== TAG_ABSENT) throw invalidProof('unknown membership tag', { tag: tag ?? -1 })
    return { present: tag === TAG_PRESENT, leafIndex: view.getUint32(offset + 1, true) }
  })
  if (at !== bytes.length) throw invalidProof('bytes left over', { extra: bytes.length - at })
  if (memberships.length > MAX_PROOF_KEYS) {
    throw invalidProof('too many keys', { count: memberships.length, max: MAX_PROOF_KEYS })
  }
  return { keys, leaves, siblings, topology, memberships }
}
