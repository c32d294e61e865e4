/**
 * Difficulty under churn: the retarget of `vm/compute/difficulty.ts` against miners that come, go and hold back, block by
 * block. PROTOCOL 6.2.
 *
 * Each interval every miner finds Poisson(MACs / D) results, D being that of its seed's epoch. They wait in order of arrival;
 * a block includes at most `maxResultsPerBlock`, and what leaves its seed's window while it waits is lost. An epoch's results
 * give the next D. Nothing else of the chain is here: blocks come whether anybody works or not.
 */
import { retarget } from '../../vm/compute/difficulty.ts'
import { type ChainParams, epochOf } from '../../vm/params.ts'
import { poisson, uniformOf } from './poisson.ts'

/** Blocks between a seed and the first block that may include its results. */
const MIN_SEED_DEPTH = 2

/**
 * prompt: works on the newest final block, changed every quarter of the window, and sends at once, as our worker does.
 * hoardSeeds: stays with a cheaper seed to the window's end. hoardResults: sends everything in the window's last blocks.
 */
export type Habit = 'prompt' | 'hoardSeeds' | 'hoardResults'

export interface Miner {
  readonly habit: Habit
  /** MACs a block interval, by epoch. */
  rate(epoch: number): number
}

export type ChurnParams = Pick<
  ChainParams,
  'epochBlocks' | 'seedWindowBlocks' | 'targetResultsPerBlock' | 'maxResultsPerBlock' | 'genesisDifficultyMacs'
>

export interface EpochFigures {
  readonly epoch: number
  readonly difficultyMacs: bigint
  /** Of all miners, MACs a block interval. */
  readonly rate: number
  readonly resultsPerBlock: number
  /** Credited to it, each result at the D of its seed. */
  readonly workMacs: bigint
  /** Results that found no place before their seed left the window. */
  readonly lost: number
}

/** Results found in one interval on one seed. */
interface Batch {
  readonly seedHeight: number
  /** First block that it is offered to. */
  readonly fromHeight: number
  count: number
}

class Lottery {
  readonly #params: ChurnParams
  readonly #miners: readonly Miner[]
  readonly #uniform: () => number
  /** D of each epoch so far. */
  readonly #difficulties: bigint[]
  /** Seed of each miner. */
  readonly #seeds: number[]
  #waiting: Batch[] = []

  constructor(miners: readonly Miner[], params: ChurnParams, seed: number) {
    this.#params = params
    this.#miners = miners
    this.#uniform = uniformOf(seed)
    this.#difficulties = [params.genesisDifficultyMacs]
    this.#seeds = miners.map(() => 0)
  }

  #difficultyAt = (seedHeight: number): bigint => this.#difficulties[epochOf(seedHeight, this.#params)]!

  /** The seed for work that block `height` is to include. */
  #seedFor(miner: Miner, current: number, height: number): number {
    const { seedWindowBlocks } = this.#params
    const newest = Math.max(0, height - MIN_SEED_DEPTH)
    if (miner.habit === 'prompt') return newest - current >= Math.floor(seedWindowBlocks / 4) ? newest : current
    if (height - current > seedWindowBlocks) return newest
    return this.#difficultyAt(newest) < this.#difficultyAt(current) ? newest : current
  }

  #work(height: number): void {
    const epoch = epochOf(height, this.#params)
    for (const [i, miner] of this.#miners.entries()) {
      const seedHeight = this.#seedFor(miner, this.#seeds[i]!, height)
      this.#seeds[i] = seedHeight
      const count = poisson(miner.rate(epoch) / Number(this.#difficultyAt(seedHeight)), this.#uniform)
      const lastHeight = seedHeight + this.#params.seedWindowBlocks
      const fromHeight = miner.habit === 'hoardResults' ? lastHeight : height
      if (count > 0) this.#waiting.push({ seedHeight, fromHeight, count })
    }
  }

  /** @returns what block `height` includes, and what it was too late for */
  #include(height: number): { readonly results: number; readonly workMacs: bigint; readonly lost: number } {
    const { maxResultsPerBlock, seedWindowBlocks } = this.#params
    let room = maxResultsPerBlock
    let workMacs = 0n
    let lost = 0
    for (const batch of this.#waiting) {
      if (batch.fromHeight > height) continue
      const taken = Math.min(room, batch.count)
      room -= taken
      batch.count -= taken
      workMacs += BigInt(taken) * this.#difficultyAt(batch.seedHeight)
      if (batch.seedHeight + seedWindowBlocks > height) continue
      lost += batch.count
      batch.count = 0
    }
    this.#waiting = this.#waiting.filter(({ count }) => count > 0)
    return { results: maxResultsPerBlock - room, workMacs, lost }
  }

  playEpoch(epoch: number): EpochFigures {
    const { epochBlocks } = this.#params
    const difficultyMacs = this.#difficulties[epoch]!
    let results = 0
    let workMacs = 0n
    let lost = 0
    for (let height = epoch * epochBlocks + 1; height <= (epoch + 1) * epochBlocks; height++) {
      this.#work(height)
      const block = this.#include(height)
      results += block.results
      workMacs += block.workMacs
      lost += block.lost
    }
    this.#difficulties.push(retarget({ difficultyMacs, workMacs, params: this.#params }))
    const rate = this.#miners.reduce((sum, miner) => sum + miner.rate(epoch), 0)
    return { epoch, difficultyMacs, rate, resultsPerBlock: results / epochBlocks, workMacs, lost }
  }
}

/** Plays `epochs` epochs from genesis. */
export function playChurn(miners: readonly Miner[], params: ChurnParams, epochs: number, seed: number): EpochFigures[] {
  const lottery = new Lottery(miners, params, seed)
  return Array.from({ length: epochs }, (_, epoch) => lottery.playEpoch(epoch))
}
