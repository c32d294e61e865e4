import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../consensus/testing/chain.ts'
import { type KvOperation, MemoryStore } from '../core/kv.ts'
import { leaderOf } from '../vm/leader.ts'
import { ChainNode } from './chain-node.ts'
import { LevelStore } from './storage/level-store.ts'
import { Cluster, chainOf } from './testing/cluster.ts'
import { dumpStore, restoreStore } from './testing/dump.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

const EPOCH = FAST_PARAMS.epochBlocks

/** Leaders of the first views of an epoch, as this node sees them. */
const leadersOf = (node: ChainNode, epoch: number): number[] => {
  const set = node.validatorSet(epoch)!
  return Array.from({ length: 20 }, (_, view) => leaderOf(set, node.epochRandomness(epoch)!, view))
}

describe('restart', () => {
  it('C12: a restart in the middle of an epoch keeps the set, the leaders and the chain', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, EPOCH + 3)
    await Promise.all(nodes.map((_, i) => cluster.stop(i)))
    const { height, epoch } = nodes[0]!.finalized()
    const before = {
      chain: chainOf(nodes[0]!, height),
      leaders: leadersOf(nodes[0]!, epoch),
      set: nodes[0]!.validatorSet(epoch),
    }
    const again = await cluster.startAll()
    expect(chainOf(again[0]!, height)).toEqual(before.chain)
    expect(leadersOf(again[0]!, epoch)).toEqual(before.leaders)
    expect(again[0]!.validatorSet(epoch)).toEqual(before.set)
    for (const node of again) await cluster.until(node, height + EPOCH)
    const chains = again.map((node) => chainOf(node, height + EPOCH))
    for (const chain of chains) expect(chain).toEqual(chains[0])
    expect(chains[0]!.slice(0, height + 1)).toEqual(before.chain)
  })

  it('a validator that was away for epochs, and one that lost its store, catch up and take part again', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, 3)
    await cluster.stop(3)
    await cluster.until(nodes[0]!, 2 * EPOCH + 3)
    const back = await cluster.start(3)
    await cluster.until(back, 2 * EPOCH + 3)
    const newcomer = await cluster.start(5)
    await cluster.until(newcomer, 2 * EPOCH + 4)
    // Without node 2 the others need the one that came back.
    await cluster.stop(2)
    await cluster.until(newcomer, nodes[0]!.finalized().height + 3)
    const height = newcomer.finalized().height
    await cluster.until(back, height)
    expect(chainOf(back, height)).toEqual(chainOf(newcomer, height))
  })

  it('opens whatever a crash between two writes leaves, and never signs against its journal', async () => {
    /** Remembers its batches, so that the store can be had as it was after any of them. */
    class RecordingStore extends MemoryStore {
      readonly batches: (readonly KvOperation[])[] = []
      override async write(operations: readonly KvOperation[]): Promise<void> {
        this.batches.push(operations)
        await super.write(operations)
      }
    }
    cluster = new Cluster(4)
    const recording = new RecordingStore()
    cluster.stores[3] = recording
    const evidence: unknown[] = []
    const nodes = await Promise.all([0, 1, 2, 3].map((i) => cluster.start(i, { onEvidence: (e) => evidence.push(e) })))
    await cluster.until(nodes[3]!, EPOCH + 3)
    await cluster.stop(3)
    // It may have been ahead of the others.
    await cluster.until(nodes[0]!, nodes[3]!.finalized().height)
    const { batches } = recording
    let height = 0
    for (let k = 1; k <= batches.length; k += 1 + (k % 3)) {
      const store = new MemoryStore()
      for (const batch of batches.slice(0, k)) await store.write(batch)
      const options = { genesis: cluster.genesis, key: testKey(3), store, clock: cluster.clock }
      const transport = cluster.hub.connect(`crashed-${k}`)
      const signatures = { recover: () => new Promise(() => {}) } as never
      const reopened = await ChainNode.open({ ...options, transport, signatures })
      expect(reopened.finalized().height).toBeGreaterThanOrEqual(height)
      height = reopened.finalized().height
      expect(reopened.finalized().hash).toEqual(nodes[0]!.blockByHeight(height)!.block.hash)
    }
    // The newest of these states is the true one: it goes on without contradicting anything it said.
    const back = await cluster.start(3, { onEvidence: (e) => evidence.push(e) })
    await cluster.until(back, height + 3)
    expect(evidence).toEqual([])
  })

  it('keeps its chain in LevelDB, and goes back to a dump', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'quern-node-'))
    cluster = new Cluster(1)
    cluster.stores[0] = await LevelStore.open(join(directory, 'store'))
    let node = await cluster.start(0)
    await cluster.until(node, 3)
    await cluster.stop(0)
    const height = node.finalized().height
    const hash = node.finalized().hash
    const dump = await dumpStore(cluster.stores[0])
    node = await cluster.start(0)
    await cluster.until(node, height + 4)
    await cluster.stop(0)
    await restoreStore(cluster.stores[0], dump)
    node = await cluster.start(0)
    expect(node.finalized().height).toBe(height)
    expect(node.finalized().hash).toEqual(hash)
    await cluster.until(node, height + 2)
    await cluster.stop(0)
    await cluster.stores[0].close()
    await rm(directory, { recursive: true })
  })

  it('refuses a store of another chain', async () => {
    cluster = new Cluster(1)
    await cluster.start(0)
    await cluster.stop(0)
    const other = new Cluster(2)
    other.stores[0] = cluster.stores[0]!
    await expect(other.start(0)).rejects.toMatchObject({ code: 'STORE_OTHER_CHAIN' })
    await other.stopAll()
  })
})
