/**
 * Work on one sender's transactions, one after the other: what one of them turns out to be decides whether the next is looked
 * at. Lines of different senders do not wait for each other.
 */
import { hexKey } from '../../core/bytes.ts'

export class SenderLines {
  readonly #maxWaiting: number
  /** The end of each line. */
  readonly #last = new Map<string, Promise<unknown>>()
  #waiting = 0

  /** @param maxWaiting of all lines */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /** Starts `work` at once where nobody stands in line; undefined where there is no room. */
  run<T>(sender: Uint8Array, work: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= this.#maxWaiting) return undefined
    this.#waiting++
    const key = hexKey(sender)
    const before = this.#last.get(key)
    const done = (before === undefined ? work() : before.then(work, work)).finally(() => {
      this.#waiting--
      if (this.#last.get(key) === done) this.#last.delete(key)
    })
    this.#last.set(key, done)
    return done
  }
}
