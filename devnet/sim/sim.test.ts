/** Whole runs: no violation on any seed, and the same run from the same seed. */
import { describe, expect, it } from 'vitest'
import { drawPlan, MIN_EPOCH_EDGES, MIN_VIEWS } from './plan.ts'
import { type RunResult, runOnce, runSeed } from './sim.ts'
import { MAX_VALIDATORS, MIN_VALIDATORS } from './size.ts'
import { World } from './world.ts'

const SEEDS = 20
/** Seeds that found something, and what. */
const KEPT: readonly [seed: number, found: string][] = [
  [301_635, 'a peer that asked was given a certificate with our own vote before that vote was on our disk'],
]
const STAKING = ['STAKE', 'UNSTAKE', 'DELEGATE', 'UNDELEGATE']
/** Every one that there is. */
const FAULTS = [
  'lost',
  'duplicated',
  'delayed',
  'crashes',
  'crashesInWrite',
  'partitions',
  'clogs',
  'disksLost',
  'byzantine',
]

describe('simulated networks', () => {
  const results: RunResult[] = []

  for (let seed = 0; seed < SEEDS; seed++) {
    it(`seed ${seed}`, async () => {
      // The first of them runs twice.
      const result = await runSeed({ seed })
      results.push(result)
      expect(result.violations, `replay with: quern sim --seed ${seed} --trace sim-${seed}.txt`).toEqual([])
    })
  }

  it('had enough of everything', () => {
    expect(results).toHaveLength(SEEDS)
    for (const { validators, views, epochEdges, setChanges, blocks, transactions, kinds } of results) {
      expect(validators).toBeGreaterThanOrEqual(MIN_VALIDATORS)
      expect(validators).toBeLessThanOrEqual(MAX_VALIDATORS)
      expect(views).toBeGreaterThanOrEqual(MIN_VIEWS)
      expect(epochEdges).toBeGreaterThanOrEqual(MIN_EPOCH_EDGES)
      expect(setChanges).toBeGreaterThan(0)
      expect(blocks).toBeGreaterThan(16)
      // Each run asserts it of itself; that it does is asserted here.
      expect(transactions).toBeGreaterThanOrEqual(12)
      expect(Object.keys(kinds).length).toBeGreaterThanOrEqual(4)
      expect(kinds.SUBMIT_RESULT).toBeGreaterThanOrEqual(1)
      expect(STAKING.filter((kind) => kinds[kind] !== undefined).length).toBeGreaterThanOrEqual(2)
      expect((kinds.LANE ?? 0) + (kinds.COVENANT ?? 0)).toBeGreaterThanOrEqual(3)
    }
    const sum = (value: (result: RunResult) => number): number => results.reduce((total, r) => total + value(r), 0)
    expect(results.filter(({ faults }) => faults.crashes! > 0).length).toBeGreaterThanOrEqual(SEEDS / 2)
    for (const fault of FAULTS) expect([fault, sum(({ faults }) => faults[fault]!) > 0]).toEqual([fault, true])
    expect(Object.keys(results[0]!.faults)).toEqual(FAULTS)
    expect(sum(({ refused }) => refused)).toBeGreaterThan(0)
    expect(sum(({ slashed }) => slashed)).toBeGreaterThan(0)
    expect(sum(({ forged }) => forged)).toBeGreaterThan(0)
  })

  it.each(KEPT)('seed %i: %s', async (seed) => {
    expect((await runOnce({ seed })).violations).toEqual([])
  })

  it('a run in which users do nothing is called weak', async () => {
    const { violations } = await new World({ ...drawPlan(10), transactionEveryMs: 1e9 }).run()
    expect(violations).toEqual([expect.stringMatching(/^simulator: weak run: 0 verified results of 1, /)])
  })

  it('two seeds are two runs, and a trace is written line by line', async () => {
    const lines: string[] = []
    const { traceHash } = await runOnce({ seed: 3 }, (line) => lines.push(line))
    const before = results.find(({ seed }) => seed === 3)
    expect(traceHash).toBe(before?.traceHash)
    expect(new Set(results.map((result) => result.traceHash)).size).toBe(SEEDS)
    expect(lines.length).toBeGreaterThan(1_000)
    expect(lines.some((line) => line.includes('proposal'))).toBe(true)
  })
})
