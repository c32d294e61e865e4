/** Time for one node. Everything below `node/` is given times and never asks for them. */

export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number
  /** Calls back once after `delayMs` of real time; the answer cancels it. */
  after(delayMs: number, callback: () => void): () => void
  /** Moves the clock ahead; timers keep to real time. Returns the shift in all. Devnets only. */
  advance(byMs: number): number
}

/** Node.js takes a longer delay for 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The machine's clock. A devnet shares one among its validators and moves it ahead; while they run it never goes back. */
export class SystemClock implements Clock {
  #shiftMs = 0

  get shiftMs(): number {
    return this.#shiftMs
  }

  nowMs(): number {
    return Date.now() + this.#shiftMs
  }

  advance(byMs: number): number {
    this.#shiftMs += Math.max(0, Math.floor(byMs))
    return this.#shiftMs
  }

  /** Back to an earlier shift, for a devnet that reverts: no node may be running. */
  restoreShift(shiftMs: number): void {
    this.#shiftMs = shiftMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS))
    return () => clearTimeout(timer)
  }
}
