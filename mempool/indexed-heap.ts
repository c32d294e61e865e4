/** Binary heap that knows where each item sits, so that one whose rank changed is moved or taken out in O(log n). */
export class IndexedHeap<T> {
  readonly #before: (a: T, b: T) => boolean
  readonly #items: T[]
  readonly #positions = new Map<T, number>()

  /** `before(a, b)`: a leaves first. It must be a strict order. Heapifies `items` in O(n). */
  constructor(before: (a: T, b: T) => boolean, items: Iterable<T> = []) {
    this.#before = before
    this.#items = [...items]
    for (let i = 0; i < this.#items.length; i++) this.#positions.set(this.#items[i]!, i)
    for (let i = (this.#items.length >> 1) - 1; i >= 0; i--) this.#down(i)
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  /** Adds an item, or moves it to where its changed rank belongs. At most one item's rank may have changed. */
  set(item: T): void {
    let position = this.#positions.get(item)
    if (position === undefined) {
      position = this.#items.length
      this.#items.push(item)
      this.#positions.set(item, position)
    }
    this.#down(this.#up(position))
  }

  /** Never compares `item` itself, so its rank may be anything by now. */
  delete(item: T): void {
    const position = this.#positions.get(item)
    if (position === undefined) return
    this.#positions.delete(item)
    const last = this.#items.pop() as T
    if (position === this.#items.length) return
    this.#place(last, position)
    this.#down(this.#up(position))
  }

  #place(item: T, position: number): void {
    this.#items[position] = item
    this.#positions.set(item, position)
  }

  #up(start: number): number {
    const item = this.#items[start]!
    let position = start
    while (position > 0) {
      const parent = (position - 1) >> 1
      const above = this.#items[parent]!
      if (!this.#before(item, above)) break
      this.#place(above, position)
      position = parent
    }
    if (position !== start) this.#place(item, position)
    return position
  }

  #down(start: number): void {
    const items = this.#items
    const item = items[start]!
    let position = start
    for (;;) {
      let child = 2 * position + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++
      const below = items[child]!
      if (!this.#before(below, item)) break
      this.#place(below, position)
      position = child
    }
    if (position !== start) this.#place(item, position)
  }
}
