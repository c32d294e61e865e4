import { describe, expect, test } from 'vitest'
import { WEI_PER_CPC } from '../core/units.ts'
import {
  accruingWei,
  baselineOf,
  blocksToPayday,
  cpcPerHour,
  earnedWei,
  expectedCpcPerHour,
  expectedResultsPerHour,
  workShare,
} from './earnings.ts'
import { TEST_FACTS as facts } from './facts-fixture.ts'

describe('expected earnings', () => {
  test('from the difficulty, while the epoch has few results', () => {
    // The network is taken to do 4 * 10^9 MAC in 0.5 s. As much again: half of 240 CPC each 20 s, 180 epochs an hour.
    expect(expectedCpcPerHour(facts, 8e9)).toBeCloseTo((240 * 180) / 2)
    // A third of it on top is a quarter of the sum.
    expect(expectedCpcPerHour(facts, 8e9 / 3)).toBeCloseTo((240 * 180) / 4)
    expect(expectedCpcPerHour(facts, 0)).toBe(0)
  })

  test("from the epoch's verified work, this worker's own left out", () => {
    const epoch = { ...facts.epoch, results: 40, workMacs: 40_000_000_000n }
    // Others did 30 * 10^9 in 20 blocks: 3 * 10^9 MAC/s.
    const known = { ...facts, epoch, epochWorkMacs: 10_000_000_000n }
    expect(expectedCpcPerHour(known, 1e9)).toBeCloseTo((240 * 180) / 4)
    // Alone, it gets all of it, however slow it is.
    expect(expectedCpcPerHour({ ...known, epochWorkMacs: 40_000_000_000n }, 1)).toBeCloseTo(240 * 180)
  })

  test('with what an empty epoch before has left, and after a halving', () => {
    const carried = { ...facts, epoch: { ...facts.epoch, poolWei: 360n * WEI_PER_CPC } }
    expect(expectedCpcPerHour(carried, 8e9)).toBeCloseTo((480 * 180) / 2)
    const halved = { ...facts, params: { ...facts.params, halvingBlocks: 90 } }
    expect(expectedCpcPerHour(halved, 8e9)).toBeCloseTo((180 * 180) / 2)
  })

  test("when the epoch's last block has taken the pool away", () => {
    const ended = { ...facts, height: 120, epoch: { ...facts.epoch, poolWei: 0n } }
    expect(expectedCpcPerHour(ended, 8e9)).toBeCloseTo((240 * 180) / 2)
  })

  test('not without a block time', () => expect(expectedCpcPerHour({ ...facts, blockMs: 0 }, 1e9)).toBeUndefined())

  test('results by the difficulty alone', () => expect(expectedResultsPerHour(facts, 2e9)).toBe(7_200))
})

describe('what was earned', () => {
  const epoch = { ...facts.epoch, results: 8, workMacs: 8_000_000_000n }
  const working = { ...facts, epoch, epochWorkMacs: 2_000_000_000n, paidWei: 50n * WEI_PER_CPC }

  test('a share of the work is that share of the pool', () => {
    expect(workShare(facts)).toBeUndefined()
    expect(workShare(working)).toBe(0.25)
    expect(accruingWei(working)).toBe(30n * WEI_PER_CPC)
    expect(accruingWei(facts)).toBe(0n)
  })

  test('counts from the beginning of this run, and is never negative', () => {
    const before = baselineOf(working)
    expect(earnedWei(before, working)).toBe(0n)
    // The epoch has ended, 60 CPC were paid for it, and the next one has begun.
    const later = { ...working, paidWei: 110n * WEI_PER_CPC, epochWorkMacs: 4_000_000_000n }
    expect(earnedWei(before, later)).toBe((60n + 60n - 30n) * WEI_PER_CPC)
    expect(earnedWei(before, { ...working, epochWorkMacs: 0n })).toBe(0n)
  })

  test('an hourly rate takes half a minute', () => {
    expect(cpcPerHour(WEI_PER_CPC, 29_999)).toBeUndefined()
    expect(cpcPerHour(WEI_PER_CPC, 60_000)).toBeCloseTo(60)
  })

  test("payday is the block after the epoch's last", () => {
    expect(blocksToPayday(facts)).toBe(21)
    expect(blocksToPayday({ ...facts, height: 120 })).toBe(1)
  })
})
