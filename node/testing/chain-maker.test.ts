import { expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { ChainMaker } from './chain-maker.ts'
import { VPROG_PARAMS } from './chain-plan.ts'

/** Five epochs. */
const BLOCKS = 100

it('makes the same chain from the same seed, and a longer one begins as a shorter one does', async () => {
  const changes = { transactionsPerBlock: 2 }
  const [short, long] = [
    await ChainMaker.open(new MemoryStore(), changes),
    await ChainMaker.open(new MemoryStore(), changes),
  ]
  await short.run(21)
  await long.run(30)
  expect(toHex(long.chain.blockAt(21)!.block.hash)).toBe(toHex(short.chain.head.hash))
  const other = await ChainMaker.open(new MemoryStore(), { ...changes, seed: 2 })
  await other.run(21)
  expect(toHex(other.chain.head.hash)).not.toBe(toHex(short.chain.head.hash))
})

it('takes lanes and covenants from their height on, the same from the same seed', async () => {
  const changes = { params: VPROG_PARAMS, vprogsFrom: 5, seed: 4 }
  const [one, other] = [
    await ChainMaker.open(new MemoryStore(), changes),
    await ChainMaker.open(new MemoryStore(), changes),
  ]
  await one.run(25)
  await other.run(25)
  expect(toHex(one.chain.head.hash)).toBe(toHex(other.chain.head.hash))
  for (const kind of ['LANE', 'COVENANT', 'TRANSFER']) expect(one.tally.get(kind)?.done).toBeGreaterThan(2)
  expect(one.failures.get('SCRIPT_FAILED')).toBeGreaterThan(0)
  const commitments = [4, 5].map((height) =>
    one.chain.blockAt(height)!.block.header.seqCommit.some((byte) => byte !== 0),
  )
  expect(commitments).toEqual([false, true])
})

it('leaves views out, voters out and finalizations out, but never at the end of an epoch', async () => {
  const maker = await ChainMaker.open(new MemoryStore(), { transactionsPerBlock: 1 })
  await maker.run(BLOCKS)
  const { chain, plan } = maker
  const heights = Array.from({ length: BLOCKS }, (_, i) => i + 1)
  const indirect = heights.filter((height) => chain.finalization(height) === undefined)
  expect(indirect.length).toBeGreaterThan(0)
  expect(indirect.filter((height) => height % plan.params.epochBlocks === 0 || height === BLOCKS)).toEqual([])
  const views = heights.map((height) => chain.blockAt(height)!.block.header.view)
  expect(Math.max(...views)).toBeGreaterThan(plan.params.epochBlocks - 1)
  const signers = new Set(heights.map((height) => toHex(chain.notarization(height)!.signers)))
  expect(signers.size).toBeGreaterThan(1)
  // Notarised again in a later view than the header's.
  const again = heights.filter((height) => chain.notarization(height)!.view > chain.blockAt(height)!.block.header.view)
  expect(again.length).toBeGreaterThan(0)
  expect(again.every((height) => height % plan.params.epochBlocks === 0)).toBe(true)
})
