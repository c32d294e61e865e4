import { afterEach, describe, expect, it } from 'vitest'
import { makeBlock } from '../../consensus/block.ts'
import { toHex } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { FinalBlock } from '../../p2p/transport.ts'
import { type Behaviour, makeChain, SYNC_PARAMS, SyncScene } from './sync-fixture.ts'

const BLOCKS = 200
const chain = makeChain(BLOCKS)
const headHash = toHex(chain.blocks.at(-1)!.block.hash)
/** Of two windows: enough for one lie. */
const short = { ...chain, blocks: chain.blocks.slice(0, 70) }

let scene: SyncScene
afterEach(() => scene.stop())

const never = new Promise<FinalBlock[]>(() => {})

/** Changes the block in the middle of every answer. */
const altered =
  (alter: (served: FinalBlock) => FinalBlock): Behaviour =>
  (right) =>
    right.map((served, i) => (i === right.length >> 1 ? alter(served) : served))

const LIES: Readonly<Record<string, { readonly behave: Behaviour; readonly code?: string }>> = {
  'blocks of another state': {
    behave: altered((served) => {
      const { header } = served.block
      return { ...served, block: makeBlock({ ...served.block, header: { ...header, gasUsed: header.gasUsed + 1 } }) }
    }),
    code: 'BLOCK_GAS_USED',
  },
  'other transactions under the same hash': {
    behave: altered((served) => ({ ...served, block: { ...served.block, transactions: [] } })),
    code: 'BLOCK_TX_ROOT',
  },
  'a forged finalization': {
    behave: altered((served) => {
      const { finalization } = served
      return finalization === undefined
        ? served
        : { ...served, finalization: { ...finalization, signature: chain.blocks[0]!.finalization!.signature } }
    }),
    code: 'CERTIFICATE_INVALID',
  },
  'a finalization without a notarization': {
    behave: altered((served) => ({ ...served, notarization: undefined })),
    code: 'CERTIFICATE_INVALID',
  },
  'a reveal of another view': {
    behave: altered((served) => {
      const { header } = served.block
      const randomnessReveal = chain.blocks[0]!.block.header.randomnessReveal
      return { ...served, block: makeBlock({ ...served.block, header: { ...header, randomnessReveal } }) }
    }),
    code: 'BLOCK_REVEAL',
  },
  'a chain of its own': {
    behave: (right) =>
      right.map((served) => {
        const { header } = served.block
        const parentHash = sha256(header.parentHash)
        return { ...served, block: makeBlock({ ...served.block, header: { ...header, parentHash } }) }
      }),
    code: 'BLOCK_PARENT',
  },
  'the blocks of other heights': { behave: () => chain.blocks.slice(0, 64), code: 'PEER_ANSWER_INVALID' },
  'more blocks than it was asked for': {
    behave: (_, { fromHeight, count }) => chain.blocks.slice(fromHeight - 1, fromHeight + count),
    code: 'PEER_ANSWER_INVALID',
  },
  nothing: { behave: () => [] },
  'one block at a time': { behave: (right) => right.slice(0, 1) },
  silence: { behave: () => never },
}

describe('syncing from several peers', () => {
  it('asks all of them, has every block once in order, and ends with the same chain', async () => {
    scene = new SyncScene(chain)
    for (const name of ['a', 'b', 'c', 'd']) scene.addPeer(name)
    const heights: number[] = []
    const node = await scene.follow()
    node.subscribe((event) => void (event.type === 'final' && heights.push(event.block.block.header.height)))
    await scene.until(() => node.finalized().height === BLOCKS)
    expect(heights).toEqual(chain.blocks.map(({ block }) => block.header.height))
    expect(toHex(node.finalized().hash)).toBe(headHash)
    expect([...scene.asked.values()].every((ranges) => ranges.length > 0)).toBe(true)
    expect(scene.blamed).toEqual([])
  })

  it.each(Object.entries(LIES))('one of four that sends %s costs its answers and nothing else', async (_, lie) => {
    scene = new SyncScene(short)
    // Asked first, and boasting, so that it is asked for all there is.
    scene.addPeer('liar', lie.behave, { height: 2 ** 40 })
    for (const name of ['a', 'b', 'c']) scene.addPeer(name)
    const node = await scene.follow()
    await scene.until(() => node.finalized().height === short.blocks.length)
    expect(toHex(node.finalized().hash)).toBe(toHex(short.blocks.at(-1)!.block.hash))
    const wanted = lie.code === undefined ? [] : [{ peer: 'liar', code: lie.code }]
    expect(scene.blamed.slice(0, 1)).toEqual(wanted)
    expect(scene.blamed.every(({ peer }) => peer === 'liar')).toBe(true)
    expect(scene.asked.get('liar')!.length).toBeLessThanOrEqual(3)
    expect(scene.failures).toEqual([])
  })

  it('goes past an epoch only with the finalization of its last block', async () => {
    const { epochBlocks } = SYNC_PARAMS
    const isEdge = ({ block }: FinalBlock): boolean => block.header.height % epochBlocks === 0
    scene = new SyncScene(short)
    scene.addPeer('keeper', (right) =>
      right.map((served) => (isEdge(served) ? { ...served, finalization: undefined } : served)),
    )
    const node = await scene.follow()
    await scene.until(() => node.syncing() === undefined && node.finalized().height >= epochBlocks - 1)
    expect(node.finalized().height).toBe(epochBlocks - 1)
    expect(scene.blamed).toEqual([])
  })

  it('asks nobody for what it pruned', async () => {
    scene = new SyncScene(short)
    scene.addPeer('pruned', undefined, { blocksFrom: 60 })
    scene.addPeer('whole')
    const node = await scene.follow()
    await scene.until(() => node.finalized().height === short.blocks.length)
    expect(scene.asked.get('pruned')!.map(({ fromHeight }) => fromHeight)).toEqual([65])
  })

  it('says how far it is by what two peers have, not by what one says', async () => {
    scene = new SyncScene(short)
    scene.addPeer('boaster', () => never, { height: 2 ** 40 })
    scene.addPeer('a')
    const node = await scene.follow()
    const seen = new Set<number | undefined>()
    node.subscribe(() => seen.add(node.syncing()?.highestHeight))
    await scene.until(() => node.finalized().height === short.blocks.length)
    seen.delete(undefined)
    expect([...seen]).toEqual([short.blocks.length])
  })
})
