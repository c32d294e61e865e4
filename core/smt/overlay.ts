/**
 * Changes of blocks that are not final yet, as layers above the final tree. A child block's layer stands on its
 * parent's; forks are siblings; abandoning a fork is dropping the reference to it.
 *
 *     final tree  <-  block 7  <-  block 8a  <-  block 9
 *                              <-  block 8b
 */
import type { Hash } from '../bytes.ts'
import type { NodeReader, TreeNode } from './node.ts'
import { positionId } from './position.ts'
import type { TreeUpdate } from './update.ts'

/**
 * Layers a read falls through at most. Finality lags a handful of blocks; when it stalls for longer than this, a new
 * layer takes in the changes below it, which costs memory instead of time.
 */
export const MAX_OVERLAY_DEPTH = 32

export class TreeOverlay {
  readonly root: Hash
  #nodes: ReadonlyMap<string, TreeNode>
  #parent: TreeOverlay | undefined
  readonly #base: NodeReader

  /**
   * @param below the layer of the parent block, or the reader of the final tree
   * @param update what the block changed, computed against `below`
   */
  constructor(below: TreeOverlay | NodeReader, update: TreeUpdate) {
    this.root = update.root
    this.#nodes = update.nodes
    this.#parent = below instanceof TreeOverlay ? below : undefined
    this.#base = below instanceof TreeOverlay ? below.#base : below
    if (this.depth > MAX_OVERLAY_DEPTH) this.#flatten()
  }

  /** Layers from here down to the final tree, this one included. */
  get depth(): number {
    let depth = 0
    for (let layer: TreeOverlay | undefined = this; layer !== undefined; layer = layer.#parent) depth++
    return depth
  }

  /** The tree as the block left it. Bound, so that it can be passed on as a `NodeReader`. */
  readonly read: NodeReader = (position: Uint8Array): TreeNode | undefined => {
    const id = positionId(position)
    for (let layer: TreeOverlay | undefined = this; layer !== undefined; layer = layer.#parent) {
      const node = layer.#nodes.get(id)
      if (node !== undefined) return node
    }
    return this.#base(position)
  }

  /**
   * Call once the block's update is committed to the final tree: the layer lets go of its nodes and of the layers
   * below, and layers above read the final tree instead. Layers of abandoned forks must not be read any more.
   */
  settle(): void {
    this.#nodes = new Map()
    this.#parent = undefined
  }

  #flatten(): void {
    const layers: ReadonlyMap<string, TreeNode>[] = []
    for (let layer: TreeOverlay | undefined = this; layer !== undefined; layer = layer.#parent)
      layers.push(layer.#nodes)
    const merged = new Map<string, TreeNode>()
    for (const nodes of layers.reverse()) for (const [id, node] of nodes) merged.set(id, node)
    this.#nodes = merged
    this.#parent = undefined
  }
}
