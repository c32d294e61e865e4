/** A whole state in memory: genesis before there is a store, throw-away chains, tests. */
import { bytesId, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import {
  NODE_EMPTY,
  type NodeReader,
  positionId,
  type TreeNode,
  type TreeUpdate,
  updateTree,
} from '../../core/smt/index.ts'
import { type StateLayer, type TreeState, treeWrites } from './layers.ts'
import type { StateWrite } from './view.ts'

export class MemoryState implements TreeState {
  readonly #values = new Map<string, Uint8Array>()
  readonly #nodes = new Map<string, TreeNode>()
  #root: Hash = ZERO_HASH

  /** @param writes the first records, genesis' for instance */
  constructor(writes: readonly StateWrite[] = []) {
    this.#apply(writes, updateTree(this.readNode, treeWrites(writes)))
  }

  get root(): Hash {
    return this.#root
  }

  /** Records held. */
  get size(): number {
    return this.#values.size
  }

  readonly readNode: NodeReader = (position) => this.#nodes.get(positionId(position))

  get(treeKey: Hash): Uint8Array | undefined {
    return this.#values.get(bytesId(treeKey))
  }

  /** Makes a block's layer final, as the store does. The layer must stand directly on this state. */
  commit(layer: StateLayer): void {
    this.#apply(layer.writes, layer.update)
    layer.settle()
  }

  #apply(writes: readonly StateWrite[], update: TreeUpdate): void {
    for (const { treeKey, value } of writes) {
      if (value === undefined) this.#values.delete(bytesId(treeKey))
      else this.#values.set(bytesId(treeKey), value)
    }
    for (const [id, node] of update.nodes) {
      if (node.kind === NODE_EMPTY) this.#nodes.delete(id)
      else this.#nodes.set(id, node)
    }
    this.#root = update.root
  }
}
