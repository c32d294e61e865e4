/** A store that began with a snapshot is as sound as one that began with genesis, and stays so while it grows and forgets. */
import { expect, it } from 'vitest'
import { recoverInline, replay } from '../../../consensus/replay.ts'
import { bls } from '../../../core/bls.ts'
import { MemoryStore } from '../../../core/kv.ts'
import { loadTileKernel } from '../../../gpu/wasm/kernel.ts'
import { genesisEntry } from '../../genesis-entry.ts'
import { FixturePeers, honest, joining, madeChain } from '../../sync/snapshot-fixture.ts'
import { SnapshotSync } from '../../sync/snapshot-sync.ts'
import type { ChainMaker } from '../../testing/chain-maker.ts'
import { dumpStore } from '../../testing/dump.ts'
import { ChainStore } from '../chain-store.ts'
import { FrozenStore } from '../store-fixture.ts'
import { cachedVerify } from './verify-fixture.ts'

/** Executes what the made chain has above this one. */
async function follow(chain: ChainStore, { genesis, chain: made }: ChainMaker): Promise<void> {
  const { params } = genesis
  const from = chain.head.header.height + 1
  const blocks = Array.from({ length: made.head.header.height - from + 1 }, (_, i) => made.blockAt(from + i)!.block)
  const rules = { params, genesisHash: genesisEntry(genesis).block.hash, kernel: loadTileKernel(), bls }
  const target = {
    state: chain.state,
    commit: async ({ block, transactions, outcome, state }: Parameters<Parameters<typeof replay>[2]['commit']>[0]) => {
      const { receipts } = outcome
      const { writes, update } = state
      const at = block.header.height
      const certificates = { notarization: made.notarization(at), finalization: made.finalization(at) }
      await chain.commit({ block, transactions, receipts, writes, update, ...certificates })
      state.settle()
    },
  }
  expect((await replay(chain.head, blocks, target, rules, recoverInline(params))).ok).toBe(true)
}

it('a joined store has no fault, and none after it grew and was pruned', async () => {
  const maker = await madeChain()
  const kv = new MemoryStore()
  const height = await new SnapshotSync({ kv, ...joining(maker, new FixturePeers({ a: honest(maker.chain) })) }).run()
  const check = async () => cachedVerify(new FrozenStore(await dumpStore(kv)), maker.genesis)
  const joined = await check()
  expect(joined.faults).toEqual([])
  expect(joined).toMatchObject({ head: height, blocksFrom: height, statesFrom: height, uncheckedEpochs: [] })

  const chain = await ChainStore.open(kv, genesisEntry(maker.genesis))
  await follow(chain, maker)
  expect((await check()).faults).toEqual([])
  const top = chain.head.header.height
  while (await chain.prune({ blocksFrom: top - 1, statesFrom: top - 1 }));
  expect((await check()).faults).toEqual([])
})
