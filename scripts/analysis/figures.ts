/** What a history of difficulty comes to: how far it overshoots, how soon it is back, and whether it ever stands still. */
import type { EpochFigures } from './churn.ts'

/** One retarget moves D by this factor at most. */
const MAX_STEP = 4
/**
 * In balance: within this part of the target. On a devnet an epoch has 160 results, so both D, which the epoch before gave, and
 * the count are off by 8 %, together by 11 %; this is five times that and a little.
 */
export const BALANCE_PART = 0.6

/** Epochs to be back in balance after work or difficulty is off by `factor`: the retargets it takes, and one for old seeds. */
export const recoveryEpochs = (factor: number): number =>
  Math.ceil(Math.log(Math.max(factor, 1 / factor)) / Math.log(MAX_STEP) - 1e-9) + 1

export const isBalanced = ({ resultsPerBlock }: EpochFigures, targetPerBlock: number): boolean =>
  Math.abs(resultsPerBlock - targetPerBlock) <= BALANCE_PART * targetPerBlock

export interface Summary {
  readonly meanPerBlock: number
  readonly leastPerBlock: number
  readonly mostPerBlock: number
  /** Highest D against the one that the highest rate of work would hold in balance. */
  readonly overshoot: number
  /** Longest run of epochs, after a change of the rate of work, before the first one in balance. */
  readonly longestRecovery: number
  /** Longest run of epochs without a result while somebody worked. */
  readonly longestDrought: number
  readonly lost: number
}

function longestRun(figures: readonly EpochFigures[], isIn: (epoch: EpochFigures, index: number) => boolean): number {
  let longest = 0
  let run = 0
  for (const [index, epoch] of figures.entries()) {
    run = isIn(epoch, index) ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

/** Epochs after each change of rate until the first in balance; 0 where the rate changes again, or ends, before that. */
function longestRecovery(figures: readonly EpochFigures[], targetPerBlock: number): number {
  let longest = 0
  let since: number | undefined
  for (const [index, epoch] of figures.entries()) {
    if (index > 0 && epoch.rate !== figures[index - 1]!.rate) since = epoch.rate === 0 ? undefined : index
    if (since === undefined || !isBalanced(epoch, targetPerBlock)) continue
    longest = Math.max(longest, index - since)
    since = undefined
  }
  return longest
}

export function summarise(figures: readonly EpochFigures[], targetPerBlock: number): Summary {
  const perBlock = figures.map(({ resultsPerBlock }) => resultsPerBlock)
  const greatest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0)
  const highest = greatest(figures.map(({ difficultyMacs }) => Number(difficultyMacs)))
  return {
    meanPerBlock: perBlock.reduce((sum, results) => sum + results, 0) / figures.length,
    leastPerBlock: Math.min(...perBlock),
    mostPerBlock: greatest(perBlock),
    overshoot: (highest * targetPerBlock) / greatest(figures.map(({ rate }) => rate)),
    longestRecovery: longestRecovery(figures, targetPerBlock),
    longestDrought: longestRun(figures, ({ rate, resultsPerBlock }) => rate > 0 && resultsPerBlock === 0),
    lost: figures.reduce((sum, epoch) => sum + epoch.lost, 0),
  }
}
