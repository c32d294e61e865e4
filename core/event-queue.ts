/** Virtual time: events in the order of their time, and of their making where times are equal. A binary heap. */

interface Event {
  readonly atMs: number
  readonly sequence: number
  /** Undefined once it was cancelled. */
  act: (() => void) | undefined
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

export class EventQueue {
  readonly #heap: Event[] = []
  #sequence = 0
  #nowMs = 0

  /** Milliseconds since the run began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** The answer cancels it. Delays are whole milliseconds. */
  after(delayMs: number, act: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), sequence: this.#sequence++, act }
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
    return () => {
      event.act = undefined
    }
  }

  /** Runs the next event that was not cancelled. False when none is left. */
  runNext(): boolean {
    for (;;) {
      const first = this.#heap[0]
      const last = this.#heap.pop()
      if (first === undefined || last === undefined) return false
      if (this.#heap.length > 0) this.#sink(last)
      if (first.act === undefined) continue
      this.#nowMs = first.atMs
      first.act()
      return true
    }
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, event)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = event
  }
}
