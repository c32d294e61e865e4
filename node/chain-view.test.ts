import { afterEach, describe, expect, it } from 'vitest'
import type { BlockTree } from '../consensus/chain/block-tree.ts'
import { FAST_PARAMS, testGenesis, testKey } from '../consensus/testing/chain.ts'
import { equalBytes } from '../core/bytes.ts'
import { type KvOperation, MemoryStore } from '../core/kv.ts'
import { accounts } from '../vm/state/tables.ts'
import { readRecord } from '../vm/state/view.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { ChainNode } from './chain-node.ts'
import { ChainView } from './chain-view.ts'
import { genesisEntry } from './genesis-entry.ts'
import type { ChainStore } from './storage/chain-store.ts'
import { Cluster } from './testing/cluster.ts'
import type { ChainEntry } from './validator/entry.ts'

/** As LevelDB: reads meet what is written before the writer hears of it. */
class EarlyStore extends MemoryStore {
  beforeAnswer: () => void = () => {}

  override async write(operations: readonly KvOperation[]): Promise<void> {
    await super.write(operations)
    this.beforeAnswer()
    await new Promise((resolve) => setImmediate(resolve))
    this.beforeAnswer()
  }
}

let cluster: Cluster
afterEach(() => cluster.stopAll())

describe('reading the chain while a block is being written', () => {
  const RECEIVER = testKey(6).owner
  const VALUE = 5n

  /** The receiver's balance after a block, and that before it. */
  function changeBy(node: ChainNode, height: number): bigint {
    const [before, after] = [height - 1, height].map((at) => {
      const state = node.stateAt(at)
      if (state === undefined) throw new Error(`no state after block ${at}`)
      return readRecord(state, accounts, RECEIVER)?.balance ?? 0n
    })
    return after! - before!
  }

  /** What does not hold. */
  function faults(node: ChainNode): string[] {
    const found: string[] = []
    for (const tag of ['latest', 'finalized'] as const) {
      const { hash, height } = node[tag]()
      if (node.blockByHash(hash) === undefined) found.push(`${tag} ${height} is not found by its hash`)
      const block = node.blockByHeight(height)
      if (block === undefined || !equalBytes(block.block.hash, hash))
        found.push(`${tag} ${height} is not at its height`)
      for (const [i, { hash: transaction }] of (block?.transactions ?? []).entries()) {
        if (node.transactionByHash(transaction)?.index !== i) found.push(`transaction ${i} of ${tag} ${height} is lost`)
      }
      const transfers = block?.transactions.filter(({ action }) => action.kind === 'TRANSFER').length ?? 0
      if (height > 0 && changeBy(node, height) !== BigInt(transfers) * VALUE) {
        found.push(`state after ${tag} ${height} is of another block`)
      }
    }
    return found
  }

  it('finds every block, transaction and state at every moment', async () => {
    cluster = new Cluster(1)
    const store = new EarlyStore()
    cluster.stores[0] = store
    const node = await cluster.start(0)
    const found: string[] = []
    store.beforeAnswer = () => found.push(...faults(node))
    for (let nonce = 0; nonce < 4; nonce++) {
      const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
      const action = { kind: 'TRANSFER', to: RECEIVER, value: VALUE, memo: new Uint8Array(0) } as const
      const raw = signNative({ chainId: FAST_PARAMS.chainId, nonce, ...fees, action }, testKey(0).privateKey)
      expect(await node.submit(raw)).toMatchObject({ ok: true })
      await cluster.until(node, node.finalized().height + 2)
    }
    expect([...new Set(found)]).toEqual([])
  })
})

describe('decoded blocks', () => {
  it('are kept while they are few and small', () => {
    const action = { kind: 'TRANSFER', to: testKey(6).owner, value: 1n, memo: new Uint8Array(0) } as const
    const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
    const raw = signNative({ chainId: FAST_PARAMS.chainId, nonce: 0, ...fees, action }, testKey(0).privateKey)
    const { block } = genesisEntry(testGenesis(1))
    const stored = (count: number) => ({
      block: { ...block, transactions: Array(count).fill(raw) },
      receipts: [],
      senders: [],
    })
    // The last two are as much as is kept, and the first a little more.
    const store = {
      held: { blocksFrom: 0, statesFrom: 0 },
      blockAt: (height: number) => stored(height === 1 ? 10 : 8_192),
    } as unknown as ChainStore
    const tree = { final: { block: { ...block, header: { ...block.header, height: 9 } } } }
    const view = new ChainView(store, tree as BlockTree<ChainEntry>, FAST_PARAMS, () => undefined)
    const decoded = [1, 2, 3].map((height) => view.blockByHeight(height))
    expect([3, 2, 1].map((height) => view.blockByHeight(height) === decoded[height - 1])).toEqual([true, true, false])
  })
})
