/**
 * All leaves below one place of the tree, with the proof that they are all: whoever has every range of a tiling has the
 * whole state, from whomever each came.
 *
 * A range is the position (position.ts) under which its keys lie. The proof is the walk from the root towards that position:
 * one sibling for each level, root first. The walk ends at the position, or above it where a stored leaf or an empty place
 * stands: a subtree of one key is that leaf, wherever it was promoted to. A leaf that ends the walk and lies outside the
 * range is the proof's witness that the range is empty.
 *
 * The verifier rebuilds the subtree from the leaves, so an added, missing, changed or moved leaf gives another root. Rules:
 *
 * - R1 leaves strictly ascending, each below the position, none with the value hash that means "no value"
 * - R2 above the position there is one leaf at most, and a witness only where there is none; it shares the bits walked, and
 *   lies outside the range
 * - R3 a sibling is of kind 0 exactly when its hash is zero
 * - R4 every node on the walk above its end is internal: a stored tree has no leaf beside an empty place, and nothing is
 *   walked below an empty place
 *
 * With them the proof of a range under a root is unique. Source: PROTOCOL 3, 10.
 */
import { compareBytes, equalBytes, type Hash } from '../bytes.ts'
import { assert } from '../errors.ts'
import { invalidProof, type ProofSibling } from './codec.ts'
import type { LeafNode, NodeReader, TreeNode } from './node.ts'
import { combine, EMPTY_NODE, isZeroHash, leafNode, NODE_EMPTY, NODE_INTERNAL, NODE_LEAF } from './node.ts'
import { childPosition, keyBit, positionLevel, positionOf, ROOT_POSITION, TREE_DEPTH } from './position.ts'
import { buildSubtree } from './subtree.ts'

export interface RangeLeaf {
  readonly key: Hash
  readonly valueHash: Hash
}

export interface RangeProof {
  /** Root first; as many as levels were walked. */
  readonly siblings: readonly ProofSibling[]
  /** The leaf outside the range that ends the walk, where one does. */
  readonly witness: RangeLeaf | undefined
}

/** Told each node with its position, whose bytes it must not keep. */
export type PlaceNode = (position: Uint8Array, node: TreeNode) => void

/** Whether a key lies below a position. */
export const coversKey = (position: Uint8Array, key: Hash): boolean =>
  equalBytes(positionOf(key, positionLevel(position)), position)

/** The two halves of a range, left first. The position's level is below TREE_DEPTH. */
export function halvesOf(position: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const level = positionLevel(position)
  assert(level < TREE_DEPTH, 'a range of one key has no halves')
  return [childPosition(position, level, 0), childPosition(position, level, 1)]
}

/** @param read the tree on the path to `position`, siblings included: `VersionedTree.readerAt(version, [position's path])` */
export function proveRange(read: NodeReader, position: Uint8Array): RangeProof {
  const key = position.subarray(0, 32)
  const siblings: ProofSibling[] = []
  const child = (level: number, bit: number): TreeNode => read(childPosition(key, level, bit)) ?? EMPTY_NODE
  let node: TreeNode = read(ROOT_POSITION) ?? EMPTY_NODE
  for (let level = 0; level < positionLevel(position) && node.kind === NODE_INTERNAL; level++) {
    const bit = keyBit(key, level)
    const { kind, hash } = child(level, 1 - bit)
    siblings.push({ kind, hash })
    node = child(level, bit)
  }
  if (node.kind !== NODE_LEAF || coversKey(position, node.key)) return { siblings, witness: undefined }
  return { siblings, witness: { key: node.key, valueHash: node.valueHash } }
}

/**
 * The subtree of all keys below `position` under `root`, as it stands at that position before any promotion.
 * @param leaves all of them; kept by reference in the nodes
 * @param place told every node below the position. It is told before the proof is through: forget it all when this throws
 * @throws QuernError `PROOF_INVALID`
 */
export function verifyRange(
  root: Hash,
  position: Uint8Array,
  leaves: readonly RangeLeaf[],
  proof: RangeProof,
  place?: PlaceNode,
): TreeNode {
  const level = positionLevel(position)
  const depth = proof.siblings.length
  if (depth > level) throw invalidProof('walked past the range', { depth, level })
  const nodes = rangeLeaves(position, leaves)
  const subtree = buildSubtree(nodes, 0, nodes.length, level, place)
  let node: ProofSibling = depth === level ? atPosition(subtree, proof) : abovePosition(position, subtree, proof)
  for (let at = depth - 1; at >= 0; at--) {
    const sibling = proof.siblings[at]!
    if (sibling.hash.length !== 32 || (sibling.kind === NODE_EMPTY) !== isZeroHash(sibling.hash)) {
      throw invalidProof('kind of a sibling contradicts its hash') // R3
    }
    node = keyBit(position, at) === 0 ? combine<ProofSibling>(node, sibling) : combine<ProofSibling>(sibling, node)
    if (node.kind !== NODE_INTERNAL) throw invalidProof('a leaf or an empty place walked too far') // R4
  }
  if (!equalBytes(node.hash, root)) throw invalidProof('it leads to another root')
  return subtree
}

/** R1. */
function rangeLeaves(position: Uint8Array, leaves: readonly RangeLeaf[]): LeafNode[] {
  return leaves.map(({ key, valueHash }, i) => {
    if (key.length !== 32 || valueHash.length !== 32 || isZeroHash(valueHash)) throw invalidProof('malformed leaf')
    if (i > 0 && compareBytes(leaves[i - 1]!.key, key) >= 0) throw invalidProof('leaves are not strictly ascending')
    if (!coversKey(position, key)) throw invalidProof('a leaf outside the range')
    return leafNode(key, valueHash)
  })
}

function atPosition(subtree: TreeNode, { witness }: RangeProof): TreeNode {
  if (witness !== undefined) throw invalidProof('a witness where none is needed')
  return subtree
}

/** R2. */
function abovePosition(position: Uint8Array, subtree: TreeNode, { siblings, witness }: RangeProof): TreeNode {
  if (subtree.kind === NODE_INTERNAL) throw invalidProof('several leaves where the walk ended')
  if (witness === undefined) return subtree
  const { key, valueHash } = witness
  if (subtree.kind === NODE_LEAF) throw invalidProof('a witness beside a leaf')
  if (key.length !== 32 || valueHash.length !== 32 || isZeroHash(valueHash)) throw invalidProof('malformed witness')
  const standsHere = coversKey(positionOf(position, siblings.length), key)
  if (!standsHere || coversKey(position, key)) throw invalidProof('the witness stands elsewhere')
  return leafNode(key, valueHash)
}

export interface VerifiedRange {
  readonly position: Uint8Array
  /** What `verifyRange` gave. */
  readonly node: TreeNode
}

/**
 * The whole tree's root node, from ranges that tile it.
 * @param ranges ascending by position, none twice, all keys covered
 * @param place told every node from the ranges' own up to the root, with those that were promoted at their place
 * @throws QuernError `ASSERTION_FAILED` when the ranges leave a gap
 */
export function joinRanges(ranges: readonly VerifiedRange[], place: PlaceNode): TreeNode {
  let next = 0
  const join = (position: Uint8Array): TreeNode => {
    const range = ranges[next]
    assert(range !== undefined && coversKey(position, range.position.subarray(0, 32)), 'ranges leave a gap', { next })
    if (equalBytes(range.position, position)) {
      next++
      return range.node
    }
    const [left, right] = halvesOf(position)
    const leftNode = join(left)
    const rightNode = join(right)
    const node = combine<TreeNode>(leftNode, rightNode)
    if (node.kind === NODE_INTERNAL) {
      if (leftNode.kind !== NODE_EMPTY) place(left, leftNode)
      if (rightNode.kind !== NODE_EMPTY) place(right, rightNode)
    }
    return node
  }
  const root = join(ROOT_POSITION)
  assert(next === ranges.length, 'ranges overlap', { next })
  if (root.kind !== NODE_EMPTY) place(ROOT_POSITION, root)
  return root
}
