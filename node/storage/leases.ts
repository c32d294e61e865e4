/** Who reads the state after which height, and for how long: what is held is not pruned. */
export class Leases {
  /** Readers by height. */
  readonly #readers = new Map<number, number>()

  /** Lowest height that is held; infinite when none is. */
  get lowest(): number {
    return Math.min(...this.#readers.keys())
  }

  /** @returns ends the lease; more calls do nothing */
  hold(height: number): () => void {
    this.#readers.set(height, (this.#readers.get(height) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = this.#readers.get(height)! - 1
      if (left === 0) this.#readers.delete(height)
      else this.#readers.set(height, left)
    }
  }
}
