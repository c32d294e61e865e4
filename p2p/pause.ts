/**
 * Notices that this process was stopped or hung. What peers sent meanwhile then comes in at once: half a minute of it looks like a
 * flood of each of them, and is none.
 */

const TICK_MS = 500
/** Longer than the largest block takes, and than a crowd of peers can make us hang. */
const PAUSE_MS = 5_000
/** What lines and buffers hold has been read by then. */
const CATCH_UP_MS = 5_000

export class PauseWatch {
  readonly #nowMs: () => number
  #lastMs: number
  #catchUpUntilMs = 0
  #timer: NodeJS.Timeout | undefined

  /** @param nowMs goes on while the process is stopped */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#lastMs = nowMs()
  }

  start(): void {
    this.#lastMs = this.#nowMs()
    this.#timer = setInterval(() => this.wasPaused(), TICK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** What was read from a line may come before any timer, so whoever asks also looks. */
  wasPaused(): boolean {
    const nowMs = this.#nowMs()
    if (this.#timer !== undefined && nowMs - this.#lastMs > PAUSE_MS) this.#catchUpUntilMs = nowMs + CATCH_UP_MS
    this.#lastMs = nowMs
    return nowMs < this.#catchUpUntilMs
  }
}
