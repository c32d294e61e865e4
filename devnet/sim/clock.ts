/** One machine's clock: virtual time, some way off and some way too fast. Timers run at the machine's own speed. */

import type { EventQueue } from '../../core/event-queue.ts'
import type { Clock } from '../../node/clock.ts'

export interface ClockError {
  /** How far the clock is off at the start. */
  readonly skewMs: number
  /** Milliseconds it gains in a million. */
  readonly driftPpm: number
}

export class SimClock implements Clock {
  readonly #queue: EventQueue
  readonly #startMs: number
  /** Timers of a machine that crashed do not fire. */
  readonly #isAlive: () => boolean
  readonly #error: () => ClockError

  /** @param startMs Unix time at which the run begins */
  constructor(queue: EventQueue, startMs: number, error: () => ClockError, isAlive: () => boolean) {
    this.#queue = queue
    this.#startMs = startMs
    this.#error = error
    this.#isAlive = isAlive
  }

  nowMs(): number {
    const { skewMs, driftPpm } = this.#error()
    const passedMs = this.#queue.nowMs
    return this.#startMs + skewMs + passedMs + Math.floor((passedMs * driftPpm) / 1_000_000)
  }

  after(delayMs: number, callback: () => void): () => void {
    const waitMs = (delayMs * 1_000_000) / (1_000_000 + this.#error().driftPpm)
    return this.#queue.after(waitMs, () => {
      if (this.#isAlive()) callback()
    })
  }

  /** Only devnets move a clock, and no simulated node is asked to. */
  advance(): number {
    return 0
  }
}
