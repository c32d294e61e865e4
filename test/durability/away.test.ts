/**
 * Away for any number of blocks, and back: the gap may begin and end anywhere in an epoch and span several, and few of those
 * within reach may have anything to give. Whoever comes back has every block, the same as all others, and goes on.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'

const EPOCH_BLOCKS = 6
const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 40, epochBlocks: EPOCH_BLOCKS }
const VALIDATORS = 4
const VALIDATOR = 3
const FOLLOWER = 4

let cluster: Cluster
let other: ChainNode
beforeEach(async () => {
  cluster = new Cluster(VALIDATORS, PARAMS)
  const nodes = await cluster.startAll()
  other = nodes[0]!
})
afterEach(() => cluster.stopAll())

/** Leaves at or after a place in an epoch (0 is its last block), and is back `blocks` later. */
async function leave(i: number, place: number, blocks: number): Promise<ChainNode> {
  const node = cluster.nodes[i]!
  await cluster.until(node, () => node.finalized().height % EPOCH_BLOCKS === place)
  await cluster.stop(i)
  await cluster.until(other, other.finalized().height + blocks)
  return cluster.start(i)
}

async function expectToGoOn(node: ChainNode): Promise<void> {
  const height = other.finalized().height + EPOCH_BLOCKS + 1
  await cluster.until(other, height)
  await cluster.until(node, height)
  expect(chainOf(node, height)).toEqual(chainOf(other, height))
}

/** Requests of `i` are heard only by these; everything else between any two nodes goes through. */
function letServe(i: number, servers: readonly number[]): void {
  const names = servers.map((server) => `node-${server}`)
  cluster.hub.setFilter((from, to) => from !== `node-${i}` || names.includes(to))
}

/** Peers that are connected, say nothing and answer nothing. */
function connectMute(count: number): void {
  for (let i = 0; i < count; i++) {
    const transport = cluster.hub.connect(`mute-${i}`)
    transport.start({
      message: () => 'ignore',
      request: async () => {
        throw new Error('says nothing')
      },
    })
  }
}

describe('a follower that was away', () => {
  const gaps: readonly { readonly place: number; readonly blocks: number }[] = [
    { place: 0, blocks: 1 },
    { place: 1, blocks: 1 },
    { place: 5, blocks: 2 },
    { place: 2, blocks: EPOCH_BLOCKS - 1 },
    { place: 0, blocks: EPOCH_BLOCKS },
    { place: 3, blocks: EPOCH_BLOCKS + 1 },
    { place: 5, blocks: 2 * EPOCH_BLOCKS },
    { place: 1, blocks: 3 * EPOCH_BLOCKS + 2 },
  ]

  it('for any gap, one after the other', async () => {
    let node = await cluster.start(FOLLOWER)
    for (const { place, blocks } of gaps) {
      node = await leave(FOLLOWER, place, blocks)
      const height = other.finalized().height
      await cluster.until(node, height)
      expect(chainOf(node, height)).toEqual(chainOf(other, height))
    }
    await expectToGoOn(node)
  })

  it('for three epochs, while one of four serves it and more peers are mute than it asks at once', async () => {
    await cluster.start(FOLLOWER)
    connectMute(12)
    letServe(FOLLOWER, [2])
    await expectToGoOn(await leave(FOLLOWER, 4, 3 * EPOCH_BLOCKS))
  })

  it('from the very beginning, when nobody serves it at first', async () => {
    letServe(FOLLOWER, [])
    await cluster.until(other, 3 * EPOCH_BLOCKS)
    const node = await cluster.start(FOLLOWER)
    expect(node.finalized().height).toBe(0)
    letServe(FOLLOWER, [1])
    await expectToGoOn(node)
  })

  it('while the one that serves it is behind as well', async () => {
    await cluster.start(FOLLOWER)
    await cluster.start(FOLLOWER + 1)
    const second = leave(FOLLOWER + 1, 2, EPOCH_BLOCKS)
    const first = await leave(FOLLOWER, 1, 2 * EPOCH_BLOCKS)
    cluster.hub.setFilter(
      (from, to) => ![from, to].includes(`node-${FOLLOWER}`) || [from, to].includes(`node-${FOLLOWER + 1}`),
    )
    await second
    await expectToGoOn(first)
  })
})

describe('a validator that was away', () => {
  it('for three epochs votes again in the present one', async () => {
    let node = await leave(VALIDATOR, 3, 3 * EPOCH_BLOCKS)
    await expectToGoOn(node)
    // With another one gone nothing becomes final without its votes.
    await cluster.stop(2)
    await expectToGoOn(node)
    await cluster.start(2)
    node = await leave(VALIDATOR, 0, 1)
    await expectToGoOn(node)
  })

  it('comes back through one peer', async () => {
    letServe(VALIDATOR, [1])
    await expectToGoOn(await leave(VALIDATOR, 5, 3 * EPOCH_BLOCKS + 1))
  })
})
