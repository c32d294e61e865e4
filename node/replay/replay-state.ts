/**
 * The state a replay works on: what the blocks so far have changed, over a base that is read and never written. Held in
 * memory while it is small; from then on what changed lies in a store of its own, and memory stays bounded whatever the state.
 *
 *     newest changes (memory)  ->  older changes (spill)  ->  base: nothing, or the state of a store after some block
 */
import { concatBytes, type Hash, hexKey } from '../../core/bytes.ts'
import type { KvOperation, KvStore } from '../../core/kv.ts'
import {
  decodeNode,
  EMPTY_NODE,
  encodeNode,
  type NodeReader,
  positionFromId,
  positionId,
  ROOT_POSITION,
  type TreeNode,
} from '../../core/smt/index.ts'
import type { StateLayer, TreeState } from '../../vm/state/layers.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'

/** Below the first block of a replay. */
export interface BaseState extends StateReader {
  /** Makes `readNode` able to answer for what an update of these keys reads. */
  load(writes: readonly StateWrite[]): Promise<void>
  readonly readNode: NodeReader
}

export const EMPTY_BASE: BaseState = { get: () => undefined, readNode: () => undefined, load: async () => {} }

/** Where changes go that are too many for memory. Opened when it is first needed. */
export interface Spill {
  open(): Promise<KvStore>
}

/** Changed values and nodes held in memory: some 150 MiB. */
const MAX_HELD = 400_000

const VALUE = Uint8Array.of(0x76)
const NODE = Uint8Array.of(0x6e)
const DELETED = new Uint8Array(0)

export class ReplayState implements TreeState {
  readonly #base: BaseState
  readonly #spill: Spill
  #store: KvStore | undefined
  /** Undefined: deleted. */
  #values = new Map<string, Uint8Array | undefined>()
  #nodes = new Map<string, TreeNode>()

  readonly #maxHeld: number

  constructor(base: BaseState, spill: Spill, maxHeld = MAX_HELD) {
    this.#base = base
    this.#spill = spill
    this.#maxHeld = maxHeld
  }

  get root(): Hash {
    return (this.readNode(ROOT_POSITION) ?? EMPTY_NODE).hash
  }

  readonly readNode: NodeReader = (position) => {
    const held = this.#nodes.get(positionId(position))
    if (held !== undefined) return held
    const spilled = this.#store?.get(concatBytes(NODE, position))
    return spilled === undefined ? this.#base.readNode(position) : decodeNode(spilled)
  }

  get(treeKey: Hash): Uint8Array | undefined {
    const id = hexKey(treeKey)
    const held = this.#values.get(id)
    if (held !== undefined || this.#values.has(id)) return held
    const spilled = this.#store?.get(concatBytes(VALUE, treeKey))
    if (spilled === undefined) return this.#base.get(treeKey)
    return spilled.length === 0 ? undefined : spilled
  }

  load(writes: readonly StateWrite[]): Promise<void> {
    return this.#base.load(writes)
  }

  /** Takes in a block's layer, which stands directly on this state. */
  async commit(layer: Pick<StateLayer, 'writes' | 'update' | 'settle'>): Promise<void> {
    for (const { treeKey, value } of layer.writes) this.#values.set(hexKey(treeKey), value)
    for (const [id, node] of layer.update.nodes) this.#nodes.set(id, node)
    layer.settle()
    if (this.#values.size + this.#nodes.size > this.#maxHeld) await this.#spillAll()
  }

  async #spillAll(): Promise<void> {
    this.#store ??= await this.#spill.open()
    const operations: KvOperation[] = []
    for (const [id, value] of this.#values) {
      operations.push({ type: 'put', key: concatBytes(VALUE, Buffer.from(id, 'hex')), value: value ?? DELETED })
    }
    for (const [id, node] of this.#nodes) {
      operations.push({ type: 'put', key: concatBytes(NODE, positionFromId(id)), value: encodeNode(node) })
    }
    await this.#store.write(operations)
    this.#values = new Map()
    this.#nodes = new Map()
  }
}
