/**
 * What this node had to say by gossip while nobody was there to hear it, oldest first: transactions of its own users, and evidence.
 * Nobody says it again by itself, unlike consensus (S8), so it waits here for the first neighbour.
 */

/** Batches of a few seconds of a busy RPC node, cut off from everybody. */
const MAX_MESSAGES = 1_024
/** A quarter of what the mempool may hold. */
const MAX_BYTES = 8 << 20

export class Unsaid<T> {
  readonly #waiting: { readonly message: T; readonly bytes: number }[] = []
  #bytes = 0

  get size(): number {
    return this.#waiting.length
  }

  /** Returns what was let go for want of room. */
  push(message: T, bytes: number): readonly T[] {
    this.#waiting.push({ message, bytes })
    this.#bytes += bytes
    const lost: T[] = []
    while (this.#waiting.length > MAX_MESSAGES || this.#bytes > MAX_BYTES) lost.push(this.shift()!)
    return lost
  }

  peek(): T | undefined {
    return this.#waiting[0]?.message
  }

  shift(): T | undefined {
    const first = this.#waiting.shift()
    this.#bytes -= first?.bytes ?? 0
    return first?.message
  }

  clear(): void {
    this.#waiting.length = 0
    this.#bytes = 0
  }
}
