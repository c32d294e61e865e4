import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IndexedHeap } from './indexed-heap.ts'

interface Item {
  rank: number
  readonly id: number
}

const before = (a: Item, b: Item) => (a.rank === b.rank ? a.id < b.id : a.rank < b.rank)

test('the first is the least after any adds, moves and removals', () => {
  const operation = fc.record({ id: fc.nat(40), rank: fc.option(fc.nat(100), { nil: undefined, freq: 1 }) })
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: 20, maxLength: 40 }),
      fc.array(operation, { maxLength: 40 }),
      (initial, operations) => {
        const items = new Map(initial.map((rank, id) => [id, { rank, id }]))
        const heap = new IndexedHeap<Item>(before, items.values())
        for (const { id, rank } of operations) {
          const item = items.get(id) ?? { rank: 0, id }
          if (rank === undefined) {
            // A removed item's rank may be anything by then.
            item.rank = Number.NaN
            heap.delete(item)
            items.delete(id)
          } else {
            item.rank = rank
            heap.set(item)
            items.set(id, item)
          }
          const least = [...items.values()].sort((a, b) => (before(a, b) ? -1 : 1))[0]
          expect(heap.peek()).toBe(least)
          expect(heap.size).toBe(items.size)
        }
        const drained: Item[] = []
        for (let item = heap.peek(); item !== undefined; item = heap.peek()) {
          drained.push(item)
          heap.delete(item)
        }
        expect(drained).toEqual([...items.values()].sort((a, b) => (before(a, b) ? -1 : 1)))
      },
    ),
    { numRuns: 400 },
  )
})
