import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DIFFICULTY_FLOOR_MACS, PRESETS } from '../params.ts'
import { retarget } from './difficulty.ts'

const params = PRESETS.devnet
const perEpoch = BigInt(params.targetResultsPerBlock * params.epochBlocks)

test('D stays when exactly the target number of results came', () => {
  const difficultyMacs = (1n << 31n) + 12_345n
  expect(retarget({ difficultyMacs, workMacs: difficultyMacs * perEpoch, params })).toBe(difficultyMacs)
})

test('D follows the work within a factor of four', () => {
  const difficultyMacs = 1n << 40n
  const after = (results: bigint): bigint => retarget({ difficultyMacs, workMacs: difficultyMacs * results, params })
  expect(after(2n * perEpoch)).toBe(2n * difficultyMacs)
  expect(after(perEpoch / 2n)).toBe(difficultyMacs / 2n)
  expect(after(4n * perEpoch)).toBe(4n * difficultyMacs)
  expect(after(4n * perEpoch + 1n)).toBe(4n * difficultyMacs)
  expect(after(100n * perEpoch)).toBe(4n * difficultyMacs)
  expect(after(perEpoch / 8n)).toBe(difficultyMacs / 4n)
  expect(after(0n)).toBe(difficultyMacs / 4n)
})

test('never under the floor', () => {
  expect(retarget({ difficultyMacs: DIFFICULTY_FLOOR_MACS, workMacs: 0n, params })).toBe(DIFFICULTY_FLOOR_MACS)
  expect(retarget({ difficultyMacs: DIFFICULTY_FLOOR_MACS + 3n, workMacs: 1n, params })).toBe(DIFFICULTY_FLOOR_MACS)
})

test('always within its bounds', () => {
  fc.assert(
    fc.property(fc.bigInt(DIFFICULTY_FLOOR_MACS, 1n << 90n), fc.bigInt(0n, 1n << 110n), (difficultyMacs, workMacs) => {
      const next = retarget({ difficultyMacs, workMacs, params })
      expect(next >= DIFFICULTY_FLOOR_MACS).toBe(true)
      expect(next >= difficultyMacs / 4n).toBe(true)
      expect(next <= 4n * difficultyMacs).toBe(true)
    }),
  )
})
