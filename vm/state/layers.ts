/**
 * States above the final one: each executed block that is not final yet is a layer of changed values and tree nodes
 * over its parent's state. Forks are siblings; abandoning a fork is dropping the reference to it.
 *
 *     final state  <-  block 7  <-  block 8a  <-  block 9
 *                               <-  block 8b
 *
 * When block 7 becomes final, its `writes` and `update` go into the store in one batch, and `settle` lets go of the layer.
 */
import { bytesId, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import {
  MAX_OVERLAY_DEPTH,
  type NodeReader,
  TreeOverlay,
  type TreeUpdate,
  type TreeWrite,
  updateTree,
} from '../../core/smt/index.ts'
import type { StateReader, StateWrite } from './view.ts'

/** A state whose records lie under a tree root. */
export interface TreeState extends StateReader {
  /** 32 zero bytes for an empty state. */
  readonly root: Hash
  readonly readNode: NodeReader
}

/** Leaves hold the hash of a record's bytes. PROTOCOL 3. */
export const treeWrites = (writes: readonly StateWrite[]): TreeWrite[] =>
  writes.map(({ treeKey, value }) => ({ key: treeKey, valueHash: value === undefined ? ZERO_HASH : sha256(value) }))

type Values = ReadonlyMap<string, Uint8Array | undefined>

export class StateLayer implements TreeState {
  /** What the block changed, for the store. */
  readonly writes: readonly StateWrite[]
  readonly update: TreeUpdate
  readonly #tree: TreeOverlay
  readonly #base: StateReader
  #values: Values
  #below: StateLayer | undefined

  /**
   * @param parent the state the block was executed over
   * @param writes what execution gave: one for each changed record
   */
  constructor(parent: TreeState, writes: readonly StateWrite[]) {
    this.writes = writes
    this.update = updateTree(parent.readNode, treeWrites(writes))
    this.#values = new Map(writes.map(({ treeKey, value }) => [bytesId(treeKey), value]))
    if (parent instanceof StateLayer) {
      this.#tree = new TreeOverlay(parent.#tree, this.update)
      this.#base = parent.#base
      this.#below = parent
      if (this.#chain().length > MAX_OVERLAY_DEPTH) this.#flatten()
    } else {
      this.#tree = new TreeOverlay(parent.readNode, this.update)
      this.#base = parent
      this.#below = undefined
    }
  }

  get root(): Hash {
    return this.#tree.root
  }

  get readNode(): NodeReader {
    return this.#tree.read
  }

  get(treeKey: Hash): Uint8Array | undefined {
    const id = bytesId(treeKey)
    for (let layer: StateLayer | undefined = this; layer !== undefined; layer = layer.#below) {
      const value = layer.#values.get(id)
      if (value !== undefined || layer.#values.has(id)) return value
    }
    return this.#base.get(treeKey)
  }

  /**
   * Call once the final state has taken in `writes` and `update`: from then on this layer, and those above it, read the
   * final state instead. Layers of abandoned forks must not be read any more.
   */
  settle(): void {
    this.#tree.settle()
    this.#values = new Map()
    this.#below = undefined
  }

  /** From here down to the final state. */
  #chain(): StateLayer[] {
    const chain: StateLayer[] = []
    for (let layer: StateLayer | undefined = this; layer !== undefined; layer = layer.#below) chain.push(layer)
    return chain
  }

  /** Takes in the values below, so that a read falls through a bounded number of layers. */
  #flatten(): void {
    const merged = new Map<string, Uint8Array | undefined>()
    for (const layer of this.#chain().reverse()) for (const [id, value] of layer.#values) merged.set(id, value)
    this.#values = merged
    this.#below = undefined
  }
}
