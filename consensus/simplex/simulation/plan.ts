/** What a run is up against. The kinds and rates of faults are drawn themselves, so that some runs meet only one of them. */
import { type Random, randomStream } from '../../../core/random.ts'

export type Misdeed =
  /** Two proposals to two halves, votes for both. */
  | 'equivocate'
  /** Votes for everything in every view, nullify included. */
  | 'doubleVote'
  /** Says nothing. */
  | 'silent'
  /** Proposes blocks that cannot be executed. */
  | 'invalidBlocks'
  /** Proposes on older notarised blocks, over the heads of newer ones. */
  | 'fork'
  /** Proposes to some only. */
  | 'withhold'
  /** Votes with wrong signatures in the names of others, and others' proposals with another body. */
  | 'forge'
  /** Runs twice, with the same key and separate disks. */
  | 'twin'

export const MISDEEDS: readonly Misdeed[] = [
  'equivocate',
  'doubleVote',
  'silent',
  'invalidBlocks',
  'fork',
  'withhold',
  'forge',
  'twin',
]

export interface Plan {
  readonly seed: number
  readonly validators: number
  readonly observers: number
  readonly epochBlocks: number
  /** By key index; less than a third of the power in every epoch. */
  readonly byzantine: ReadonlyMap<number, Misdeed>
  /** Share of messages lost before `healAtMs`. */
  readonly loss: number
  readonly maxDelayMs: number
  readonly duplicates: number
  /** Crashes before `healAtMs`, each followed by a restart. */
  readonly crashes: number
  readonly partitions: number
  readonly voteChecks: 'batched' | 'each'
  readonly healAtMs: number
}

/** A network without a fault. */
export const CALM: Plan = {
  seed: 1,
  validators: 4,
  observers: 1,
  epochBlocks: 5,
  byzantine: new Map(),
  loss: 0,
  maxDelayMs: 10,
  duplicates: 0,
  crashes: 0,
  partitions: 0,
  voteChecks: 'batched',
  healAtMs: 300,
}

function drawByzantine(random: Random, validators: number): Map<number, Misdeed> {
  const byzantine = new Map<number, Misdeed>()
  const count = random.below(Math.floor((validators - 1) / 3) + 1)
  const together = random.pick(MISDEEDS)
  const isConcerted = random.chance(0.5)
  while (byzantine.size < count) {
    byzantine.set(random.below(validators), isConcerted ? together : random.pick(MISDEEDS))
  }
  return byzantine
}

export function drawPlan(seed: number): Plan {
  const random = randomStream(seed, 'plan')
  const validators = random.pick([1, 2, 4, 4, 4, 5, 7, 7])
  const isCalm = random.chance(0.15)
  return {
    seed,
    validators,
    observers: random.pick([0, 0, 1]),
    epochBlocks: random.pick([1, 2, 3, 5, 8, 1_000]),
    byzantine: drawByzantine(random, validators),
    loss: isCalm || random.chance(0.3) ? 0 : random.next() * 0.3,
    maxDelayMs: isCalm ? 10 : random.pick([10, 40, 150, 400]),
    duplicates: random.chance(0.5) ? 0 : random.next() * 0.2,
    crashes: isCalm ? 0 : random.below(4),
    partitions: isCalm ? 0 : random.below(3),
    voteChecks: random.chance(0.7) ? 'batched' : 'each',
    healAtMs: 600 + random.below(1_200),
  }
}
