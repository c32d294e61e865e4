/**
 * The tree over leaves that come one by one, ascending: its root and every node, in memory for one path only. The shape is
 * that of core/smt: a lone leaf stands as high as it is alone.
 */
import type { Hash } from '../../../core/bytes.ts'
import { assert } from '../../../core/errors.ts'
import {
  combine,
  EMPTY_NODE,
  keyBit,
  type LeafNode,
  positionOf,
  TREE_DEPTH,
  type TreeNode,
} from '../../../core/smt/index.ts'
import { leafNode } from '../../../core/smt/node.ts'

/** Told every node that is not empty; the position's bytes are its own. */
export type PlaceNode = (position: Uint8Array, node: TreeNode) => void

/** Bits that two different keys share. */
function sharedBits(a: Hash, b: Hash): number {
  let bit = 0
  while (bit < TREE_DEPTH && keyBit(a, bit) === keyBit(b, bit)) bit++
  return bit
}

export class TreeFromLeaves {
  readonly #place: PlaceNode | undefined
  /** Left siblings that wait for the path to come back to them, by level. */
  readonly #left = new Map<number, TreeNode>()
  #last: LeafNode | undefined
  #sharedBefore = -1
  #leaves = 0

  constructor(place?: PlaceNode) {
    this.#place = place
  }

  get leaves(): number {
    return this.#leaves
  }

  /** @param key above the one before @param valueHash not zero */
  add(key: Hash, valueHash: Hash): void {
    this.#leaves++
    const last = this.#last
    const leaf = leafNode(key, valueHash)
    this.#last = leaf
    if (last === undefined) return
    const shared = sharedBits(last.key, key)
    assert(shared < TREE_DEPTH && keyBit(key, shared) === 1, 'leaves come in ascending order')
    const node = this.#fold(last, Math.max(this.#sharedBefore, shared) + 1, shared + 1)
    this.#left.set(shared + 1, node)
    this.#sharedBefore = shared
  }

  /** Zero for no leaves. */
  root(): Hash {
    const last = this.#last
    if (last === undefined) return EMPTY_NODE.hash
    return this.#fold(last, this.#sharedBefore + 1, 0).hash
  }

  /** From a leaf at one level up to the node at another on its path, when nothing follows below. */
  #fold(leaf: LeafNode, from: number, to: number): TreeNode {
    let node: TreeNode = leaf
    this.#place?.(positionOf(leaf.key, from), node)
    for (let level = from; level > to; level--) {
      const isRight = keyBit(leaf.key, level - 1) === 1
      const left = isRight ? this.#left.get(level) : undefined
      if (isRight) this.#left.delete(level)
      node =
        left === undefined && !isRight
          ? combine<TreeNode>(node, EMPTY_NODE)
          : combine<TreeNode>(left ?? EMPTY_NODE, node)
      this.#place?.(positionOf(leaf.key, level - 1), node)
    }
    return node
  }
}
