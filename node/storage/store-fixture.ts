/** Small chains in memory for tests of the store, made once for all of them, and copies to break. */
import { compareBytes, hexKey } from '../../core/bytes.ts'
import { type KvOperation, type KvRange, type KvStore, MemoryStore } from '../../core/kv.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { MADE_PARAMS } from '../testing/chain-plan.ts'
import { dumpStore, type StoreDump } from '../testing/dump.ts'

/** Several epochs, so that sets change, records of old epochs are deleted, and keys come again. */
const FIXTURE_PARAMS = { ...MADE_PARAMS, epochBlocks: 8, seedWindowBlocks: 4 }

export interface MadeStore {
  readonly genesis: Genesis
  readonly dump: StoreDump
}

export const makerOver = (store: KvStore): Promise<ChainMaker> =>
  ChainMaker.open(store, { params: FIXTURE_PARAMS, transactionsPerBlock: 3 })

/** An archive of so many blocks. */
export async function madeStore(blocks: number): Promise<MadeStore> {
  const store = new MemoryStore()
  const { genesis, chain } = await run(store, blocks)
  return { genesis, dump: await dumpStore(chain.kv) }
}

async function run(store: KvStore, blocks: number): Promise<ChainMaker> {
  const maker = await makerOver(store)
  await maker.run(blocks)
  return maker
}

export async function storeOf(dump: StoreDump): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.write(dump.map(([key, value]): KvOperation => ({ type: 'put', key, value })))
  return store
}

/** Rows that do not change, quickly walked: for many checks of stores that differ in little. */
export class FrozenStore implements KvStore {
  readonly #rows: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  readonly #values: ReadonlyMap<string, Uint8Array>

  constructor(rows: StoreDump) {
    this.#rows = rows.toSorted(([a], [b]) => compareBytes(a, b))
    this.#values = new Map(rows.map(([key, value]) => [hexKey(key), value]))
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(hexKey(key))
  }

  async *entries(range: KvRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    const from = range.gte === undefined ? 0 : this.#place(range.gte)
    const to = range.lt === undefined ? this.#rows.length : this.#place(range.lt)
    const found = this.#rows.slice(from, Math.max(from, to))
    if (range.reverse === true) found.reverse()
    yield* found.slice(0, range.limit ?? found.length)
  }

  /** How many rows stand before a key. */
  #place(key: Uint8Array): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.#rows[middle]![0], key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  async write(): Promise<void> {
    throw new Error('a frozen store does not change')
  }

  async close(): Promise<void> {}
}
