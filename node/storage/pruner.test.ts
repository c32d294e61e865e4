/** A full node among archives: it forgets in the background, keeps up, says what it has, and starts again on what is left. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { Cluster } from '../testing/cluster.ts'
import type { ChainStore } from './chain-store.ts'
import { Pruner } from './pruner.ts'

const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 40, epochBlocks: 4 }
const RETENTION = { blocks: 8, states: 6 }

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster(4, PARAMS, standInScheme())
})
afterEach(() => cluster.stopAll())

describe('a full node', () => {
  it('keeps so many blocks and states below its head, and takes part as before', async () => {
    await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
    const node = await cluster.start(3, { retention: RETENTION })
    expect(node.holdings()).toMatchObject({ mode: 'full', blocksFrom: 0, statesFrom: 0 })
    expect(cluster.nodes[0]!.holdings().mode).toBe('archive')
    await cluster.until(node, 24)
    const { blocksFrom, statesFrom } = node.holdings()
    const { height } = node.finalized()
    expect(blocksFrom).toBeGreaterThanOrEqual(24 - RETENTION.blocks - 1)
    expect(blocksFrom).toBeLessThanOrEqual(height - RETENTION.blocks)
    expect(statesFrom).toBeLessThanOrEqual(height - RETENTION.states)
    expect(node.blockByHeight(blocksFrom - 1)).toBeUndefined()
    expect(node.blockByHeight(blocksFrom)!.block.header.height).toBe(blocksFrom)
    expect(node.stateAt(statesFrom - 1)).toBeUndefined()
    expect(await node.stateProof(statesFrom - 1, [new Uint8Array(32)])).toBeUndefined()
    expect(node.stateAt(statesFrom)).toBeDefined()
    expect(cluster.nodes[0]!.blockByHeight(1)).toBeDefined()
  })

  it('starts again on what it kept, and a peer that needs more asks others', async () => {
    await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
    const before = await cluster.start(3, { retention: RETENTION })
    await cluster.until(before, 16)
    await cluster.stop(3)
    const after = await cluster.start(3, { retention: RETENTION })
    expect(after.holdings().blocksFrom).toBeGreaterThan(0)
    const newcomer = await cluster.start(4)
    await cluster.until(newcomer, 20)
    await cluster.until(after, 20)
    expect(newcomer.blockByHeight(1)).toBeDefined()
  })
})

describe('the pruner', () => {
  it('does a bounded part for each block that comes, tells of a failing disk, and ends when asked to', async () => {
    let steps = 0
    let isBroken = false
    const store = {
      head: { header: { height: 1_000 } },
      prune: async () => {
        if (isBroken) throw new Error('no room on the disk')
        steps++
        return true
      },
    } as unknown as ChainStore
    const failures: unknown[] = []
    const pruner = new Pruner(store, RETENTION, (error) => failures.push(error))
    pruner.wake()
    pruner.wake()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(steps).toBe(64)
    isBroken = true
    pruner.wake()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(failures).toHaveLength(1)
    await pruner.stop()
    isBroken = false
    pruner.wake()
    expect(steps).toBe(64)
  })
})
