/**
 * Multi-proofs: one walk that shows the value, or the absence, of several keys. Building here, the wire form in
 * codec.ts, the strict walker in verify.ts.
 *
 * The walk visits every subtree that holds a queried key, left before right. It ends at a proof leaf: a stored leaf,
 * which witnesses for every queried key below its place, or an empty place, which appears as a leaf with the queried
 * key itself and value zero. At every other node one topology bit says whether both children are walked (1) or one is
 * and the other is the next sibling (0). Source: PROTOCOL 3.
 */
import { compareBytes, equalBytes, type Hash, ZERO_HASH } from '../bytes.ts'
import { assert, QuernError } from '../errors.ts'
import {
  encodeMultiProof,
  MAX_PROOF_KEYS,
  type MultiProof,
  type ProofLeaf,
  type ProofMembership,
  type ProofSibling,
} from './codec.ts'
import { EMPTY_NODE, NODE_INTERNAL, NODE_LEAF, type NodeReader, type TreeNode } from './node.ts'
import { childPosition, ROOT_POSITION, splitAt, TREE_DEPTH } from './position.ts'

const packBits = (bits: readonly number[]): Uint8Array => {
  const out = new Uint8Array((bits.length + 7) >> 3)
  for (let i = 0; i < bits.length; i++) out[i >> 3]! |= bits[i]! << (i & 7)
  return out
}

/**
 * Proves each key's value hash, or its absence, in the tree behind `read`.
 * @param keys strictly ascending, 1 to MAX_PROOF_KEYS
 * @throws QuernError `PROOF_KEYS_INVALID`
 */
export function proveKeys(read: NodeReader, keys: readonly Hash[]): MultiProof {
  const ascending = keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0)
  if (!ascending || keys.some((key) => key.length !== 32) || keys.length === 0 || keys.length > MAX_PROOF_KEYS) {
    throw new QuernError(
      'PROOF_KEYS_INVALID',
      'ask for sorted keys of 32 bytes, without repeats, neither none nor too many',
      {
        count: keys.length,
        max: MAX_PROOF_KEYS,
      },
    )
  }
  const keyed = keys.map((key) => ({ key }))
  const foreignKeys: Hash[] = []
  const leaves: ProofLeaf[] = []
  const siblings: ProofSibling[] = []
  const bits: number[] = []
  const memberships: ProofMembership[] = []

  const endAtLeaf = (level: number, from: number, to: number, key: Hash, valueHash: Hash): void => {
    const leafIndex = leaves.length
    let keyIndex = -1
    for (let i = from; i < to; i++) {
      const present = equalBytes(keys[i]!, key)
      memberships.push({ present, leafIndex })
      if (present) keyIndex = i
    }
    if (keyIndex < 0) keyIndex = keys.length + foreignKeys.push(key) - 1
    leaves.push({ depth: level, keyIndex, valueHash })
  }

  /** `node` stands at `level`; the keys [from, to), at least one, lie below it. */
  const walk = (level: number, from: number, to: number, node: TreeNode): void => {
    if (node.kind === NODE_LEAF) {
      endAtLeaf(level, from, to, node.key, node.valueHash)
      return
    }
    const { key } = keyed[from]!
    const stored = node.kind === NODE_INTERNAL
    if (!stored && to - from === 1) {
      endAtLeaf(level, from, to, key, ZERO_HASH)
      return
    }
    assert(level < TREE_DEPTH, 'internal node below the last level of the tree', { level })
    // Nothing is stored below an empty place, so nothing is read there.
    const child = (bit: number): TreeNode => (stored ? read(childPosition(key, level, bit)) : undefined) ?? EMPTY_NODE
    const middle = splitAt(keyed, from, to, level)
    const split = from < middle && middle < to
    bits.push(split ? 1 : 0)
    if (!split) {
      const { kind, hash } = child(from < middle ? 1 : 0)
      siblings.push({ kind, hash })
    }
    if (from < middle) walk(level + 1, from, middle, child(0))
    if (middle < to) walk(level + 1, middle, to, child(1))
  }

  walk(0, 0, keys.length, read(ROOT_POSITION) ?? EMPTY_NODE)
  return { keys: [...keys, ...foreignKeys], leaves, siblings, topology: packBits(bits), memberships }
}

/** The proof of one key in wire form; `verifyKey` reads it. */
export const proveKey = (read: NodeReader, key: Hash): Uint8Array => encodeMultiProof(proveKeys(read, [key]))
