/**
 * Time that moves only when a test says so. Nodes on it keep no appointment that the test does not let come: blocks carry
 * the same times, and therefore the same hashes, in every run, however busy the machine is.
 */
import type { Clock } from '../../node/clock.ts'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

export class SteppedClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  readonly #timers = new Set<Timer>()

  /** @param startMs Unix time */
  constructor(startMs: number) {
    this.#startMs = startMs
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Without a delay it is a turn of the event loop. */
  after(delayMs: number, callback: () => void): () => void {
    if (delayMs <= 0) {
      const turn = setImmediate(callback)
      return () => clearImmediate(turn)
    }
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers come in order, each at its own time. */
  advance(byMs: number): number {
    const endMs = this.#nowMs + byMs
    for (let next = this.#firstUntil(endMs); next !== undefined; next = this.#firstUntil(endMs)) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
    }
    this.#nowMs = endMs
    return endMs - this.#startMs
  }

  #firstUntil(endMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer
    }
    return first
  }
}
