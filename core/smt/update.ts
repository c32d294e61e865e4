/**
 * A batch of writes against a tree, in one walk: the writes are sorted once, every node on their paths is read once and
 * hashed once, however many writes lie below it. Pure: the answer lists what changed, and writes nothing.
 */
import { compareBytes, equalBytes, type Hash } from '../bytes.ts'
import { assert } from '../errors.ts'
import { combine, EMPTY_NODE, NODE_EMPTY, NODE_INTERNAL, type NodeReader, type TreeNode } from './node.ts'
import { childPosition, POSITION_LENGTH, positionId, ROOT_POSITION, splitAt, TREE_DEPTH } from './position.ts'
import { buildSubtree, mergeLeaves, type TreeWrite } from './subtree.ts'

export interface TreeUpdate {
  /** Zero for an empty tree. */
  readonly root: Hash
  /**
   * Changed positions only, by `positionId`; empty where a position held a node and no longer does. The position is
   * `positionFromId(id)`: arrays of positions would cost more to keep than the nodes.
   */
  readonly nodes: ReadonlyMap<string, TreeNode>
}

/** Ascending by key; of several writes to a key the last stays. */
function sortWrites(writes: readonly TreeWrite[]): TreeWrite[] {
  const sorted = [...writes].sort((a, b) => compareBytes(a.key, b.key))
  return sorted.filter((write, i) => i + 1 === sorted.length || !equalBytes(write.key, sorted[i + 1]!.key))
}

/**
 * @param read the tree before; asked only for positions on the paths of written keys, and their siblings
 * @param writes any order; the last write to a key wins
 */
export function updateTree(read: NodeReader, writes: readonly TreeWrite[]): TreeUpdate {
  const sorted = sortWrites(writes)
  const nodes = new Map<string, TreeNode>()

  // An absent node is always the one EMPTY_NODE, and an unchanged node always the object that was read, so that
  // "unchanged" is identity and costs no comparison of hashes.
  const readNode = (position: Uint8Array): TreeNode => {
    const node = read(position)
    return node === undefined || node.kind === NODE_EMPTY ? EMPTY_NODE : node
  }
  const scratch = new Uint8Array(POSITION_LENGTH)
  const readChild = (key: Hash, level: number, bit: number): TreeNode =>
    readNode(childPosition(key, level, bit, scratch))
  const place = (position: Uint8Array, node: TreeNode): void => {
    nodes.set(positionId(position), node)
  }

  /** The node that takes the place of `old` at `level` once the writes [from, to), at least one, are applied. */
  const visit = (level: number, from: number, to: number, old: TreeNode): TreeNode => {
    if (old.kind !== NODE_INTERNAL) {
      const leaves = mergeLeaves(old, sorted, from, to)
      return buildSubtree(leaves, 0, leaves.length, level, place)
    }
    assert(level < TREE_DEPTH, 'internal node below the last level of the tree', { level })
    const { key } = sorted[from]!
    const middle = splitAt(sorted, from, to, level)
    const oldLeft = from < middle ? readChild(key, level, 0) : undefined
    const newLeft = oldLeft === undefined ? undefined : visit(level + 1, from, middle, oldLeft)
    const oldRight = middle < to ? readChild(key, level, 1) : undefined
    const newRight = oldRight === undefined ? undefined : visit(level + 1, middle, to, oldRight)
    if (newLeft === oldLeft && newRight === oldRight) return old

    // A side without writes is read only now that the other has changed and both are needed.
    const leftBefore = oldLeft ?? readChild(key, level, 0)
    const rightBefore = oldRight ?? readChild(key, level, 1)
    const left = newLeft ?? leftBefore
    const right = newRight ?? rightBefore
    const node = combine<TreeNode>(left, right)
    // A leaf that was promoted, or nothing, is left: then nothing may stay stored below.
    const keeps = node.kind === NODE_INTERNAL
    const leftAfter = keeps ? left : EMPTY_NODE
    const rightAfter = keeps ? right : EMPTY_NODE
    if (leftAfter !== leftBefore) place(childPosition(key, level, 0, scratch), leftAfter)
    if (rightAfter !== rightBefore) place(childPosition(key, level, 1, scratch), rightAfter)
    return node
  }

  const oldRoot = readNode(ROOT_POSITION)
  const root = sorted.length === 0 ? oldRoot : visit(0, 0, sorted.length, oldRoot)
  if (root !== oldRoot) place(ROOT_POSITION, root)
  return { root: root.hash, nodes }
}
