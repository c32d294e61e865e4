/**
 * One device at work: attempt after attempt on the newest search, for as long as the worker lives. Several share one
 * worker; attempt numbers come from outside, so no two devices ever play the same lottery.
 */
import type { LotteryBackend, LotteryJob, TileWin } from './backend.ts'
import { pause } from './backoff.ts'
import type { Work } from './chain-client.ts'
import { RateMeter } from './rate-meter.ts'
import { tagOf } from './verdict.ts'
import type { DeviceStats } from './worker-events.ts'

/** Work in progress; `signal` ends its attempts when its block has become too old to be of use. */
export interface Search {
  readonly work: Work
  readonly signal: AbortSignal
  jobFor(matrixSize: number): LotteryJob
}

/** One attempt to be played. */
export interface Turn {
  readonly search: Search
  readonly attempt: number
}

export interface PlayerOptions {
  readonly backend: LotteryBackend
  readonly matrixSize: number
  /** Part of the time to compute, above 0 and at most 1. */
  readonly dutyCycle: number
  /** A new attempt of the newest search. */
  readonly next: () => Turn
  readonly isNewest: (search: Search) => boolean
  /** At least one win; the search may have been ended while the attempt ran. */
  readonly onWins: (turn: Turn, matrixSize: number, wins: readonly TileWin[]) => void
  /** The worker's; ends everything. */
  readonly signal: AbortSignal
}

export class Player {
  readonly #options: PlayerOptions
  readonly #meter = new RateMeter()
  #attempts = 0
  #macs = 0
  #failed: string | undefined
  /** The search whose attempt runs now: the worker's newest, or an older one. */
  playing: Search | undefined
  /** Announced to the backend, which may have begun it. */
  #upcoming: Turn | undefined

  constructor(options: PlayerOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.backend.name
  }

  stats(): DeviceStats {
    return {
      name: this.name,
      matrixSize: this.#options.matrixSize,
      attempts: this.#attempts,
      macs: this.#macs,
      macsPerSecond: this.#failed === undefined ? this.#meter.recent(performance.now()) : 0,
      averageMacsPerSecond: this.#meter.average(),
      failed: this.#failed,
    }
  }

  /** @throws the worker's signal's reason, or whatever the backend failed with */
  async run(): Promise<never> {
    const { dutyCycle, signal } = this.#options
    try {
      for (;;) {
        signal.throwIfAborted()
        const startMs = performance.now()
        await this.#attempt(startMs)
        if (dutyCycle < 1) await pause(((performance.now() - startMs) * (1 - dutyCycle)) / dutyCycle, signal)
      }
    } catch (error) {
      if (!signal.aborted) this.#failed = tagOf(error)
      throw error
    }
  }

  /** What was announced, unless the search has moved on since. */
  #takeTurn(): Turn {
    const upcoming = this.#upcoming
    this.#upcoming = undefined
    const { isNewest, next } = this.#options
    return upcoming !== undefined && isNewest(upcoming.search) ? upcoming : next()
  }

  async #attempt(startMs: number): Promise<void> {
    const { backend, matrixSize, dutyCycle, next, onWins, signal } = this.#options
    const turn = this.#takeTurn()
    const { search, attempt } = turn
    this.playing = search
    let wins: readonly TileWin[]
    try {
      const attempting = backend.attempt(search.jobFor(matrixSize), attempt, search.signal)
      if (backend.prefetch !== undefined && dutyCycle === 1) {
        this.#upcoming = next()
        backend.prefetch(this.#upcoming.search.jobFor(matrixSize), this.#upcoming.attempt)
      }
      wins = await attempting
    } catch (error) {
      signal.throwIfAborted()
      if (search.signal.aborted) return
      throw error
    }
    const macs = matrixSize ** 3
    this.#attempts++
    this.#macs += macs
    this.#meter.add(macs, startMs, performance.now())
    if (wins.length > 0) onWins(turn, matrixSize, wins)
  }
}
