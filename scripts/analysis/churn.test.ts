/**
 * Bounds of the retarget under churn, over 1,000 epochs of each scenario on fixed seeds.
 *
 * D' = work / target, so D goes in one step to what was measured, or by the clamp of four towards it: no ringing. What can
 * put it off is luck, and work that is credited in another epoch than it was done in: at most seedWindowBlocks of it, the
 * part w <= 1/2 of an epoch.
 */
import { describe, expect, test } from 'vitest'
import { DIFFICULTY_FLOOR_MACS, PRESETS } from '../../vm/params.ts'
import { type EpochFigures, type Habit, playChurn } from './churn.ts'
import { isBalanced, recoveryEpochs, summarise } from './figures.ts'
import { ALL_LEAVE_EPOCH, SMALL_PART, SMALL_RETURNS_EPOCH, START_DIFFICULTY_MACS, scenariosFor } from './scenarios.ts'

const EPOCHS = 1_000
const params = { ...PRESETS.devnet, genesisDifficultyMacs: START_DIFFICULTY_MACS }
const target = params.targetResultsPerBlock
/** w: part of an epoch's work that may be credited to the next. */
const HELD_BACK = params.seedWindowBlocks / params.epochBlocks
/** Five standard deviations of a quarter of the target's results: with fewer the clamp decides, not the count. */
const LUCK = 1 + 5 / Math.sqrt((target * params.epochBlocks) / 4)

const histories = scenariosFor(params).flatMap(({ name, miners }) =>
  [1, 2].map((seed) => ({
    name: `${name}, seed ${seed}`,
    habits: new Set<Habit>(miners.map(({ habit }) => habit)),
    figures: playChurn(miners, params, EPOCHS, seed),
  })),
)
const prompt = histories.filter(({ habits }) => habits.size === 1 && habits.has('prompt'))
const historiesOf = (start: string) => histories.filter(({ name }) => name.startsWith(start))
const difficulties = (figures: readonly EpochFigures[]): number[] =>
  figures.map(({ difficultyMacs }) => Number(difficultyMacs))

describe.each(histories)('$name', ({ figures }) => {
  test('D never overshoots: it follows the work there was, or is still on its way down', () => {
    for (const [e, { difficultyMacs }] of figures.entries()) {
      if (e === 0) continue
      const before = figures[e - 1]!
      const heldBack = HELD_BACK * (figures[e - 2]?.rate ?? 0)
      const worked = (LUCK * (before.rate + heldBack)) / target
      const most = Math.max(Number(DIFFICULTY_FLOOR_MACS), Number(before.difficultyMacs) / 4, worked)
      expect(Number(difficultyMacs), `epoch ${e}`).toBeLessThanOrEqual(most)
      expect(Number(difficultyMacs), `epoch ${e}`).toBeLessThanOrEqual(4 * Number(before.difficultyMacs))
    }
  })

  test('nobody who works waits longer than D takes to fall', () => {
    const fall = Math.max(...difficulties(figures)) / Math.min(...difficulties(figures))
    expect(summarise(figures, target).longestDrought).toBeLessThanOrEqual(recoveryEpochs(fall))
  })
})

test('in balance again after ceil(log4 k) + 1 epochs, k being how far D is off, and from then on', () => {
  let checked = 0
  for (const { name, figures } of prompt) {
    let inBalanceFrom = 0
    for (const [e, epoch] of figures.entries()) {
      if (epoch.rate !== figures[e - 1]?.rate) {
        const factor = epoch.rate / target / Number(epoch.difficultyMacs)
        inBalanceFrom = epoch.rate === 0 ? EPOCHS : e + recoveryEpochs(factor)
      }
      if (e < inBalanceFrom) continue
      expect(isBalanced(epoch, target), `${name}: epoch ${e} has ${epoch.resultsPerBlock}`).toBe(true)
      checked++
    }
  }
  expect(checked).toBeGreaterThan((prompt.length * EPOCHS) / 2)
  expect([
    recoveryEpochs(1),
    recoveryEpochs(10),
    recoveryEpochs(1 / 10),
    recoveryEpochs(16),
    recoveryEpochs(1_000),
  ]).toEqual([1, 3, 3, 3, 6])
})

describe('no dead chain', () => {
  test('D falls to the floor when nobody works, by a quarter each epoch, and stays there', () => {
    for (const { figures } of historiesOf('all leave at 300, one')) {
      const left = figures[ALL_LEAVE_EPOCH]!
      const epochsDown = Math.ceil(Math.log2(Number(left.difficultyMacs / DIFFICULTY_FLOOR_MACS)) / 2)
      // One more: what was found before is still credited in the first epoch, for as long as its seeds last.
      for (let e = ALL_LEAVE_EPOCH + epochsDown + 1; e < SMALL_RETURNS_EPOCH; e++) {
        expect(figures[e]).toMatchObject({ difficultyMacs: DIFFICULTY_FLOOR_MACS, resultsPerBlock: 0 })
      }
    }
  })

  test('a small one that comes back earns from its first epoch on', () => {
    for (const { figures } of historiesOf('all leave at 300, one')) {
      expect(figures[SMALL_RETURNS_EPOCH]!.resultsPerBlock).toBe(params.maxResultsPerBlock)
      const last = figures.at(-1)!
      expect(isBalanced(last, target)).toBe(true)
      expect(last.rate).toBe(target * Number(START_DIFFICULTY_MACS) * SMALL_PART)
    }
  })
})

describe('hoarders', () => {
  test('of results move less than w of an epoch to the next: never out of (1 - w)/(1 + w) to (1 + w)/(1 - w) of the target', () => {
    const most = ((1 + HELD_BACK) / (1 - HELD_BACK)) * target
    const least = ((1 - HELD_BACK) / (1 + HELD_BACK)) * target
    for (const { figures } of [...historiesOf('half hoard results'), ...historiesOf('nine tenths hoard')]) {
      const { mostPerBlock, leastPerBlock } = summarise(figures, target)
      expect(mostPerBlock).toBeLessThan(most)
      expect(leastPerBlock).toBeGreaterThan(least)
    }
  })

  test('of seeds gain nothing: each result counts by its own D, so the work credited is the work done', () => {
    const rate = target * Number(START_DIFFICULTY_MACS)
    const turns = (epoch: number): number => (Math.floor(epoch / 2) % 2 === 0 ? 0.5 : 2)
    const of = (habit: Habit) => [{ habit, rate: (epoch: number) => rate * turns(epoch) }]
    const worked = (habit: Habit): number =>
      playChurn(of(habit), params, EPOCHS, 3).reduce((sum, { workMacs }) => sum + Number(workMacs), 0)
    const done = rate * 1.25 * params.epochBlocks * EPOCHS
    for (const habit of ['prompt', 'hoardSeeds'] as const) expect(worked(habit) / done).toBeCloseTo(1, 2)
  })
})

describe('places for results', () => {
  /** D after ten epochs of a thousandfold work, against the start. */
  const riseWith = (maxResultsPerBlock: number): number => {
    const rate = 1_000 * target * Number(START_DIFFICULTY_MACS)
    const figures = playChurn([{ habit: 'prompt', rate: () => rate }], { ...params, maxResultsPerBlock }, 11, 1)
    return Number(figures[10]!.difficultyMacs) / Number(START_DIFFICULTY_MACS)
  }

  test('as many as the target never let D rise, however much work there is: genesis wants four times as many', () => {
    expect(riseWith(target)).toBeLessThanOrEqual(1)
    // Results of old seeds, worth less, fill half of the places after each rise.
    expect(riseWith(2 * target)).toBeGreaterThan(1.5 ** 10)
    expect(riseWith(2 * target)).toBeLessThan(500)
    expect(riseWith(4 * target)).toBeGreaterThan(900)
    expect(params.maxResultsPerBlock).toBeGreaterThanOrEqual(4 * target)
  })
})
