/** A sleep that others can end: calls that come while nobody sleeps end the next sleep at once. */
import { pause } from './backoff.ts'

/** However often it is called, a loop that waits for it does not spin. */
const LEAST_MS = 1

export class Wakeup {
  #called = false
  #wake: (() => void) | undefined

  call(): void {
    this.#called = true
    this.#wake?.()
  }

  /** Until a call, or `ms` have passed. @throws the signal's reason */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const ended = new AbortController()
    const end = (): void => ended.abort()
    signal.addEventListener('abort', end, { once: true })
    this.#wake = end
    if (this.#called) end()
    await pause(Math.max(LEAST_MS, ms), ended.signal).catch(() => undefined)
    this.#called = false
    this.#wake = undefined
    signal.removeEventListener('abort', end)
    signal.throwIfAborted()
  }
}
