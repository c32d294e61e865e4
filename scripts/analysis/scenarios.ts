/** Who works when: the churn that the difficulty is tried on. */
import type { ChurnParams, Miner } from './churn.ts'

export interface Scenario {
  readonly name: string
  readonly miners: readonly Miner[]
}

/** Well above the floor and below what numbers hold exactly; every scenario begins in balance with it. */
export const START_DIFFICULTY_MACS = 1n << 40n

/** Epochs at which the last scenario's miners leave, and the small one comes back. */
export const ALL_LEAVE_EPOCH = 300
export const SMALL_RETURNS_EPOCH = 400
/** Of the rate that was there before. */
export const SMALL_PART = 1 / 1_024

/** @param params whose start difficulty `targetResultsPerBlock` results a block match */
export function scenariosFor(params: Pick<ChurnParams, 'targetResultsPerBlock'>): readonly Scenario[] {
  const balance = params.targetResultsPerBlock * Number(START_DIFFICULTY_MACS)
  const miner = (factor: (epoch: number) => number, habit: Miner['habit'] = 'prompt'): Miner => ({
    habit,
    rate: (epoch) => balance * factor(epoch),
  })
  const turns =
    (epochs: number, low: number, high: number) =>
    (epoch: number): number =>
      Math.floor(epoch / epochs) % 2 === 0 ? low : high
  return [
    { name: 'steady', miners: [miner(() => 1)] },
    { name: 'steps of x10 and /10, every 50 epochs', miners: [miner(turns(50, 1, 10))] },
    { name: 'nine tenths come and go, every epoch', miners: [miner(() => 1), miner(turns(1, 0, 9))] },
    { name: 'nine tenths come and go, every 4 epochs', miners: [miner(() => 1), miner(turns(4, 0, 9))] },
    {
      name: 'one giant of x1,000, 10 epochs in 100',
      miners: [miner(() => 1), miner((epoch) => (epoch % 100 >= 50 && epoch % 100 < 60 ? 1_000 : 0))],
    },
    {
      name: 'half hoard seeds, work x4 and /4 every 2 epochs',
      miners: [miner(turns(2, 0.5, 2)), miner(turns(2, 0.5, 2), 'hoardSeeds')],
    },
    {
      name: 'half hoard results to the end of the window',
      miners: [miner(() => 0.5), miner(() => 0.5, 'hoardResults')],
    },
    {
      name: 'nine tenths hoard results, every other epoch',
      miners: [miner(() => 0.1), miner(turns(1, 0.9, 0)), miner(turns(1, 0, 0.9), 'hoardResults')],
    },
    {
      name: 'all leave at 300, one of 1/1,024 returns at 400',
      miners: [
        miner((epoch) => (epoch < ALL_LEAVE_EPOCH ? 1 : 0)),
        miner((epoch) => (epoch >= SMALL_RETURNS_EPOCH ? SMALL_PART : 0)),
      ],
    },
    {
      name: 'all leave at 300 but one of 1/1,024',
      miners: [miner((epoch) => (epoch < ALL_LEAVE_EPOCH ? 1 : 0)), miner(() => SMALL_PART)],
    },
  ]
}
