import { afterEach, describe, expect, it } from 'vitest'
import { signerIndexes } from '../../consensus/certificate.ts'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import { equalBytes, hexKey } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'
import { Cluster } from '../testing/cluster.ts'
import { joinBySnapshot } from './snapshot-join.ts'
import type { SnapshotPace } from './snapshot-meter.ts'

/** An anchor is good for half the unbonding time: long enough for a machine on which an epoch takes seconds. */
const PARAMS = { ...FAST_PARAMS, unbondingEpochs: 500 }

const scheme = standInScheme()
let cluster: Cluster

afterEach(() => cluster.stopAll())

/** The fourth validator was away from the beginning; its store is empty. */
async function joinFourth(
  isWanted: boolean,
  trustPeers: number,
  interrupted: Promise<unknown> = new Promise(() => {}),
): Promise<SnapshotPace[]> {
  const { genesis } = cluster
  const signatures = new SignaturePool({ chainId: genesis.params.chainId, decode: { devKinds: false }, workers: 0 })
  const told: SnapshotPace[] = []
  cluster.stores[3] ??= new MemoryStore()
  await joinBySnapshot({
    genesis,
    genesisHash: genesisEntry(genesis).block.hash,
    store: cluster.stores[3],
    transport: cluster.hub.connect('node-3'),
    clock: cluster.clock,
    signatures,
    bls: scheme,
    isWanted,
    trustPeers,
    interrupted,
    told: (pace) => told.push(pace),
    paceMs: 0,
  }).finally(() => signatures.close())
  return told
}

describe('a node that joins by state', () => {
  it('validates from there on, over the ends of epochs, and fetches what came before', async () => {
    cluster = new Cluster(4, PARAMS, scheme)
    const [first] = await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
    await cluster.until(first!, 2 * PARAMS.epochBlocks + 2)
    const told = await joinFourth(true, 3)
    const { height } = told.at(-1)!
    expect(height % PARAMS.epochBlocks).toBe(0)
    expect(height).toBeGreaterThan(PARAMS.epochBlocks)
    expect(told.at(-1)!.covered).toBe(1)

    const joined = await cluster.start(3, { backfill: true })
    expect(joined.finalized().height).toBe(height)
    expect(joined.holdings()).toMatchObject({ blocksFrom: height, statesFrom: height })
    const isSigned = () => {
      const { notarization } = joined.certificates(joined.finalized().height)
      if (notarization === undefined) return false
      const { members } = joined.validatorSet(notarization.epoch)!
      return signerIndexes(notarization.signers).some((i) => equalBytes(members[i]!.address, testKey(3).owner))
    }
    await cluster.until(joined, isSigned)
    await cluster.until(joined, height + 2 * PARAMS.epochBlocks + 1)
    await cluster.until(first!, joined.finalized().height)
    const at = joined.finalized().height
    const hashOf = (node: typeof joined) => hexKey(node.blockByHeight(at)!.block.hash)
    expect(hashOf(joined)).toBe(hashOf(first!))
    await cluster.until(joined, () => joined.holdings().blocksFrom === 0)
    expect(joined.holdings().statesFrom).toBe(height)
    for (let below = 0; below < height; below++) {
      const [here, there] = [joined, first!].map((node) => node.blockByHeight(below)!)
      expect(here!.block).toEqual(there!.block)
      expect(here!.receipts).toEqual(there!.receipts)
      expect(joined.certificates(below).finalization).toEqual(first!.certificates(below).finalization)
    }
    // It led, too: its missed views would have grown with every turn.
    await cluster.until(joined, () => equalBytes(joined.finalized().proposer, testKey(3).owner))
    expect(cluster.failures).toEqual([])
  })

  it('begins at genesis where a state is not wanted, whatever an earlier start left', async () => {
    cluster = new Cluster(4, PARAMS, scheme)
    await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
    await cluster.until(cluster.nodes[0]!, PARAMS.epochBlocks + 1)
    const store = new MemoryStore()
    cluster.stores[3] = store
    await store.write([
      { type: 'put', key: Uint8Array.of(0x05), value: new Uint8Array(40) },
      { type: 'put', key: Uint8Array.of(0x20, 1), value: new Uint8Array(40) },
    ])
    expect(await joinFourth(false, 0)).toEqual([])
    expect(store.get(Uint8Array.of(0x20, 1))).toBeUndefined()
    const node = await cluster.start(3)
    expect(node.finalized().height).toBe(0)
    await cluster.until(node, PARAMS.epochBlocks)
  })

  it('waits for peers until it is interrupted, and leaves an empty store', async () => {
    cluster = new Cluster(4, PARAMS, scheme)
    await expect(joinFourth(true, 0, new Promise((resolve) => setTimeout(resolve, 20)))).rejects.toThrow('start again')
    const left: unknown[] = []
    for await (const entry of cluster.stores[3]!.entries()) left.push(entry)
    expect(left).toEqual([])
  })

  it('does not believe old keys: without anybody to trust it asks for a checkpoint', async () => {
    cluster = new Cluster(4, PARAMS, scheme)
    await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
    await cluster.until(cluster.nodes[0]!, PARAMS.epochBlocks + 1)
    await expect(joinFourth(true, 0)).rejects.toThrow('--checkpoint')
  })
})
