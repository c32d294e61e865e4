/** Ready transactions in the order a leader wants them. */
import { effectiveGasPrice } from '../vm/fees.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import type { Entry } from './entry.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { SenderQueue } from './sender-queue.ts'

/** Where one sender's queue has been read up to. */
interface Cursor {
  readonly ready: readonly Entry[]
  next: number
  fee: bigint
  arrival: number
}

/**
 * Highest effective fee first, nonces of a sender in order, earlier arrival first among equals. A transaction below the
 * base fee ends its sender's turn.
 *
 * Reads the queues as they were when it was made. O(senders) to make, O(log senders) for each step.
 */
export class Selection implements Iterable<Transaction> {
  readonly #baseFeePerGas: bigint
  readonly #heap: IndexedHeap<Cursor>
  #last: Cursor | undefined

  constructor(queues: Iterable<SenderQueue>, baseFeePerGas: bigint) {
    this.#baseFeePerGas = baseFeePerGas
    const cursors: Cursor[] = []
    for (const queue of queues) {
      const cursor = { ready: queue.entries.slice(0, queue.readyCount), next: 0, fee: 0n, arrival: 0 }
      if (this.#load(cursor)) cursors.push(cursor)
    }
    this.#heap = new IndexedHeap<Cursor>((a, b) => (a.fee === b.fee ? a.arrival < b.arrival : a.fee > b.fee), cursors)
  }

  next(): Transaction | undefined {
    const cursor = this.#heap.peek()
    const entry = cursor?.ready[cursor.next]
    if (cursor === undefined || entry === undefined) return undefined
    this.#last = cursor
    cursor.next++
    if (this.#load(cursor)) this.#heap.set(cursor)
    else this.#heap.delete(cursor)
    return entry.transaction
  }

  /** Leaves out what the sender of the last transaction has left: without that one, none of the rest can follow. */
  skipSender(): void {
    if (this.#last !== undefined) this.#heap.delete(this.#last)
  }

  *[Symbol.iterator](): Iterator<Transaction> {
    for (let transaction = this.next(); transaction !== undefined; transaction = this.next()) yield transaction
  }

  /** Takes the rank of the cursor's next entry; false when there is none to offer. */
  #load(cursor: Cursor): boolean {
    const entry = cursor.ready[cursor.next]
    if (entry === undefined || entry.transaction.maxFeePerGas < this.#baseFeePerGas) return false
    cursor.fee = effectiveGasPrice(entry.transaction, this.#baseFeePerGas)
    cursor.arrival = entry.arrival
    return true
  }
}
