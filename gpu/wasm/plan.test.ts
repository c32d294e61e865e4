import { describe, expect, test } from 'vitest'
import { createMemory, instantiate, lotteryModule } from './module.ts'
import { planAttempt } from './plan.ts'

const lottery = instantiate(lotteryModule(), createMemory(0))

describe('plan of an attempt', () => {
  test('keeps B, the winners and the regions apart, within 32-bit addresses', () => {
    for (const n of [128, 256, 640, 1024, 2048, 4096, 8192]) {
      for (const threads of [1, 2, 3, 16, 64]) {
        const plan = planAttempt(lottery, n, threads)
        const size = lottery.regionBytes(n, plan.level, plan.group)
        const parts = [
          [plan.columns, n * n],
          [plan.wins, lottery.WIN_BYTES.value * (n / 16) ** 2],
          ...plan.regions.map((region) => [region, size] as const),
        ] as const
        let free = 65_536
        for (const [from, length] of parts) {
          expect(from).toBeGreaterThanOrEqual(free)
          free = from + length
        }
        expect(plan.bytes).toBeGreaterThanOrEqual(free)
        expect(plan.bytes).toBeLessThan(2 ** 32)
        expect(plan.regions.length).toBe(threads)
      }
    }
  })

  test('goes as deep as panels are wide enough and families go round', () => {
    const levels = (threads: number): number[] =>
      [128, 256, 512, 1024, 2048, 8192].map((n) => planAttempt(lottery, n, threads).level)
    expect(levels(1)).toEqual([0, 1, 2, 3, 3, 3])
    expect(levels(2)).toEqual([0, 1, 2, 3, 3, 3])
    expect(levels(16)).toEqual([0, 0, 0, 1, 2, 3])
    // 384 / 4 is a whole number of tiles no more.
    expect(planAttempt(lottery, 640, 1).level).toBe(2)
  })

  test('gives every thread a turn where there are enough families', () => {
    for (const n of [256, 1024, 8192]) {
      for (const threads of [1, 2, 8]) {
        const { level, group } = planAttempt(lottery, n, threads)
        expect(n / 16 / 2 ** level / group).toBeGreaterThanOrEqual(threads)
      }
    }
  })
})
