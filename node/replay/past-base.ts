/** The state of a store after some block, as the base of a replay. */
import type { Block } from '../../consensus/types.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import {
  childPosition,
  keyBit,
  NODE_INTERNAL,
  type NodeReader,
  positionId,
  ROOT_POSITION,
  type TreeNode,
  VersionedTree,
} from '../../core/smt/index.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { PREFIX } from '../storage/layout.ts'
import type { BaseState } from './replay-state.ts'

/** Paths that are loaded at once: past nodes are found by seeks, which wait for the disk. */
const LOADED_AT_ONCE = 64

/**
 * Nodes of a past version cannot be read while an update runs, so `load` fetches them before. What was not loaded reads as
 * empty: below a leaf of the base there is nothing.
 */
export class PastBase implements BaseState {
  readonly #tree: VersionedTree
  readonly #version: number
  readonly #nodes = new Map<string, TreeNode>()
  readonly get: (treeKey: Hash) => Uint8Array | undefined

  private constructor(chain: ChainStore, height: number, get: (treeKey: Hash) => Uint8Array | undefined) {
    this.#tree = new VersionedTree(chain.kv, PREFIX.tree)
    this.#version = height + 1
    this.get = get
  }

  /** @throws QuernError `BLOCK_PRUNED`; `STORE_CORRUPT` where the state is not that of the block's header */
  static async open(chain: ChainStore, { header }: Block): Promise<PastBase> {
    const { height, stateRoot } = header
    const state = chain.stateAt(height)
    assert(state !== undefined, 'the block is final', { height })
    const base = new PastBase(chain, height, (treeKey) => state.get(treeKey))
    if (equalBytes((await base.#node(ROOT_POSITION)).hash, stateRoot)) return base
    throw new QuernError(
      'STORE_CORRUPT',
      `the state after block ${height} has another root; run \`quern chain verify\``,
    )
  }

  readonly readNode: NodeReader = (position) => this.#nodes.get(positionId(position))

  async load(writes: readonly StateWrite[]): Promise<void> {
    for (let at = 0; at < writes.length; at += LOADED_AT_ONCE) {
      await Promise.all(writes.slice(at, at + LOADED_AT_ONCE).map(({ treeKey }) => this.#path(treeKey)))
    }
  }

  async #path(key: Hash): Promise<void> {
    let node = await this.#node(ROOT_POSITION)
    for (let level = 0; node.kind === NODE_INTERNAL; level++) {
      const bit = keyBit(key, level)
      const sibling = this.#node(childPosition(key, level, 1 - bit))
      node = await this.#node(childPosition(key, level, bit))
      await sibling
    }
  }

  async #node(position: Uint8Array): Promise<TreeNode> {
    const id = positionId(position)
    const known = this.#nodes.get(id)
    if (known !== undefined) return known
    const node = await this.#tree.nodeAt(position, this.#version)
    this.#nodes.set(id, node)
    return node
  }
}
