/**
 * Who goes first when the pool is full: always the last nonce of a sender, so that no queue gets a hole. A sender ranks
 * by the cheapest of its queue, which is what its last nonce is worth.
 *
 * min(maxFee, baseFee + priority) moves with the base fee, but its minimum over senders is found at the lowest maxFee or
 * at the lowest priority whatever the base fee is. So two heaps per tier never need rebuilding.
 *
 * Senders whose tail is held form a tier of their own: a held transaction pays nobody while its gap stands, and must
 * not keep out one that can be included.
 */
import { effectiveGasPrice } from '../vm/fees.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { SenderQueue } from './sender-queue.ts'

/** A sender leaves the order before its queue is empty. */
const tailOf = (queue: SenderQueue) => queue.tail!

type FeeField = 'maxFeePerGas' | 'maxPriorityFeePerGas'

const cheapestBy = (field: FeeField) =>
  new IndexedHeap<SenderQueue>((a, b) => {
    const first = tailOf(a)
    const second = tailOf(b)
    const difference = first.floor[field] - second.floor[field]
    // Of equals the newest goes.
    return difference === 0n ? first.arrival > second.arrival : difference < 0n
  })

class Tier {
  readonly #byMaxFee = cheapestBy('maxFeePerGas')
  readonly #byPriority = cheapestBy('maxPriorityFeePerGas')

  set(queue: SenderQueue): void {
    this.#byMaxFee.set(queue)
    this.#byPriority.set(queue)
  }

  delete(queue: SenderQueue): void {
    this.#byMaxFee.delete(queue)
    this.#byPriority.delete(queue)
  }

  cheapest(baseFeePerGas: bigint): SenderQueue | undefined {
    const a = this.#byMaxFee.peek()
    const b = this.#byPriority.peek()
    if (a === undefined || b === undefined) return undefined
    return effectiveGasPrice(tailOf(b).floor, baseFeePerGas) < effectiveGasPrice(tailOf(a).floor, baseFeePerGas) ? b : a
  }
}

export class EvictionOrder {
  readonly #held = new Tier()
  readonly #ready = new Tier()

  /** To be called after each change of a queue. */
  place(queue: SenderQueue): void {
    if (queue.size === 0) {
      this.#held.delete(queue)
      this.#ready.delete(queue)
    } else if (queue.readyCount < queue.size) {
      this.#ready.delete(queue)
      this.#held.set(queue)
    } else {
      this.#held.delete(queue)
      this.#ready.set(queue)
    }
  }

  /**
   * The sender whose tail makes room for a newcomer worth `fee` per gas, if any may. A ready newcomer pushes out
   * anything held, then what is strictly cheaper; a held one only what is held and strictly cheaper.
   */
  victim(newcomer: { readonly ready: boolean; readonly fee: bigint }, baseFeePerGas: bigint): SenderQueue | undefined {
    const held = this.#held.cheapest(baseFeePerGas)
    if (newcomer.ready && held !== undefined) return held
    const queue = newcomer.ready ? this.#ready.cheapest(baseFeePerGas) : held
    if (queue === undefined) return undefined
    return effectiveGasPrice(tailOf(queue).floor, baseFeePerGas) < newcomer.fee ? queue : undefined
  }
}
