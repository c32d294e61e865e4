/**
 * Leaders against their weights, over 100,000 views: Pearson's chi-square at p = 1e-6, on fixed seeds, so that what passes
 * once passes always. The expected shares come from the text of PROTOCOL 5 as fractions, not from `leaderWeights`.
 */
import { describe, expect, it } from 'vitest'
import { u32be } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { leaderOf } from './leader.ts'
import type { ValidatorSet } from './validator-set.ts'
import { leaderWeights } from './weights.ts'

const VIEWS = 100_000
/** Least chi-square that a fair draw exceeds once in a million, by degrees of freedom: members - 1. */
const BOUND: Readonly<Record<number, number>> = { 3: 30.66, 4: 33.38 }

interface Case {
  readonly what: string
  readonly seed: number
  readonly stakes: readonly bigint[]
  /** Verified work credited to each. */
  readonly works: readonly bigint[]
  /** Verified work of nobody in the set. */
  readonly unclaimed: bigint
  readonly kappaBps: number
}

const CPC = 10n ** 18n
const STAKES = [1_000n * CPC, 2_500n * CPC, 4_000n * CPC, 12_345n * CPC + 1n, 7n * CPC]

const CASES: readonly Case[] = [
  {
    what: 'stake alone, all equal',
    seed: 1,
    stakes: [1_000n * CPC, 1_000n * CPC, 1_000n * CPC, 1_000n * CPC],
    works: [0n, 0n, 0n, 0n],
    unclaimed: 0n,
    kappaBps: 5_000,
  },
  {
    what: 'stake alone, unequal',
    seed: 2,
    stakes: STAKES,
    works: [0n, 0n, 0n, 0n, 0n],
    unclaimed: 0n,
    kappaBps: 5_000,
  },
  {
    what: "stake and work, some of it nobody's",
    seed: 3,
    stakes: STAKES,
    works: [0n, 3n << 40n, 1n << 38n, 0n, 9n << 39n],
    unclaimed: 5n << 38n,
    kappaBps: 5_000,
  },
  {
    what: 'work alone',
    seed: 4,
    stakes: STAKES,
    works: [1n, 2n, 3n, 4n, 5n].map((m) => m << 50n),
    unclaimed: 0n,
    kappaBps: 10_000,
  },
]

/** (1 - kappa) s/S + kappa (m + u s/S) / W; without work s/S. */
function expectedShares({ stakes, works, unclaimed, kappaBps }: Case): number[] {
  const sum = (values: readonly bigint[]): number => values.reduce((total, value) => total + Number(value), 0)
  const totalWork = sum(works) + Number(unclaimed)
  const kappa = totalWork === 0 ? 0 : kappaBps / 10_000
  return stakes.map((stake, i) => {
    const ofStake = Number(stake) / sum(stakes)
    const ofWork = totalWork === 0 ? 0 : (Number(works[i]) + Number(unclaimed) * ofStake) / totalWork
    return (1 - kappa) * ofStake + kappa * ofWork
  })
}

function setOf({ stakes, works, unclaimed, kappaBps }: Case): ValidatorSet {
  const totalWorkMacs = works.reduce((total, work) => total + work, unclaimed)
  const weights = leaderWeights({ stakesWei: stakes, workMacs: works, totalWorkMacs, kappaBps })
  const members = stakes.map((power, i) => ({
    address: new Uint8Array(20).fill(i),
    blsPublicKey: new Uint8Array(48).fill(i),
    power,
    weight: weights[i]!,
  }))
  return { epoch: 9, members }
}

function countLeaders(each: Case): number[] {
  const set = setOf(each)
  const randomness = sha256(u32be(each.seed))
  const counts = set.members.map(() => 0)
  for (let view = 0; view < VIEWS; view++) counts[leaderOf(set, randomness, view)]!++
  return counts
}

const chiSquare = (counts: readonly number[], shares: readonly number[]): number =>
  counts.reduce((sum, count, i) => sum + (count - VIEWS * shares[i]!) ** 2 / (VIEWS * shares[i]!), 0)

describe(`leaders of ${VIEWS.toLocaleString('en')} views`, () => {
  it.each(CASES)('follow $what', (each) => {
    const counts = countLeaders(each)
    const bound = BOUND[counts.length - 1]!
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(VIEWS)
    expect(chiSquare(counts, expectedShares(each))).toBeLessThan(bound)
    if (each.kappaBps !== 5_000 || each.works.every((macs) => macs === 0n)) return
    // The draw is long enough to tell a kappa of 0.5 from one of 0.48.
    expect(chiSquare(counts, expectedShares({ ...each, kappaBps: 4_800 }))).toBeGreaterThan(bound)
  })
})
