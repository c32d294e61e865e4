/** The subtree over a few leaves, where nothing was stored before: what an empty place or a lone leaf grows into. */
import { compareBytes, equalBytes, type Hash } from '../bytes.ts'
import {
  combine,
  EMPTY_NODE,
  isZeroHash,
  type LeafNode,
  leafNode,
  NODE_EMPTY,
  NODE_LEAF,
  type TreeNode,
} from './node.ts'
import { childPosition, splitAt } from './position.ts'

/** Kept by reference in the nodes that come of it: do not change the bytes afterwards. */
export interface TreeWrite {
  readonly key: Hash
  /** Hash of the value; ZERO_HASH deletes the key. */
  readonly valueHash: Hash
}

/** The leaves of a place that held at most one, after writes [from, to). An unchanged leaf stays the same object. */
export function mergeLeaves(old: TreeNode, writes: readonly TreeWrite[], from: number, to: number): LeafNode[] {
  const leaves: LeafNode[] = []
  let pending = old.kind === NODE_LEAF ? old : undefined
  for (let i = from; i < to; i++) {
    const { key, valueHash } = writes[i]!
    const order = pending === undefined ? 1 : compareBytes(pending.key, key)
    if (pending !== undefined && order < 0) leaves.push(pending)
    if (pending !== undefined && order === 0 && equalBytes(pending.valueHash, valueHash)) leaves.push(pending)
    else if (!isZeroHash(valueHash)) leaves.push(leafNode(key, valueHash))
    if (order <= 0) pending = undefined
  }
  if (pending !== undefined) leaves.push(pending)
  return leaves
}

/**
 * @param leaves strictly ascending by key; those in [from, to) agree on the first `level` bits
 * @param place told every node below the answer, with its position, whose bytes it must not keep
 */
export function buildSubtree(
  leaves: readonly LeafNode[],
  from: number,
  to: number,
  level: number,
  place?: (position: Uint8Array, node: TreeNode) => void,
): TreeNode {
  if (from === to) return EMPTY_NODE
  const first = leaves[from]!
  if (to - from === 1) return first
  const middle = splitAt(leaves, from, to, level)
  const left = buildSubtree(leaves, from, middle, level + 1, place)
  const right = buildSubtree(leaves, middle, to, level + 1, place)
  if (place !== undefined) {
    if (left.kind !== NODE_EMPTY) place(childPosition(first.key, level, 0), left)
    if (right.kind !== NODE_EMPTY) place(childPosition(first.key, level, 1), right)
  }
  return combine<TreeNode>(left, right)
}
