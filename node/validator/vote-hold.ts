/**
 * A block dated beyond the local clock is not invalid, but gets this node's vote only when its time has come, or when a
 * quorum stands behind it and our vote no longer matters (PROTOCOL 4.4).
 */
import { type Hash, hexKey } from '../../core/bytes.ts'
import type { Clock } from '../clock.ts'

export class VoteHold {
  readonly #clock: Clock
  readonly #maxDriftMs: number
  readonly #held = new Map<string, { readonly hash: Hash; readonly release: () => void }>()

  constructor(clock: Clock, maxDriftMs: number) {
    this.#clock = clock
    this.#maxDriftMs = maxDriftMs
  }

  holds(hash: Hash): boolean {
    return this.#held.has(hexKey(hash))
  }

  /** Resolves once `timestampMs` is at most the allowed drift ahead of the clock, or `release` is called. */
  async until(hash: Hash, timestampMs: number): Promise<void> {
    const key = hexKey(hash)
    let isReleased = false
    // Again after each wait: a very long one ends early, and a devnet's clock may have moved meanwhile.
    for (;;) {
      const aheadMs = timestampMs - this.#maxDriftMs - this.#clock.nowMs()
      if (aheadMs <= 0 || isReleased) break
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(aheadMs, resolve)
        const release = (): void => {
          isReleased = true
          cancel()
          resolve()
        }
        this.#held.set(key, { hash, release })
      })
    }
    this.#held.delete(key)
  }

  release(hash: Hash): void {
    this.#held.get(hexKey(hash))?.release()
  }

  /** Ends the holds of blocks that lost: one dated decades ahead would keep its memory for as long. */
  releaseExcept(isOpen: (hash: Hash) => boolean): void {
    for (const { hash, release } of [...this.#held.values()]) if (!isOpen(hash)) release()
  }

  releaseAll(): void {
    for (const { release } of [...this.#held.values()]) release()
  }
}
