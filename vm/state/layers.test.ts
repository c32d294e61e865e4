import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { MAX_OVERLAY_DEPTH } from '../../core/smt/index.ts'
import { StateLayer, type TreeState } from './layers.ts'
import { MemoryState } from './memory.ts'
import type { StateWrite } from './view.ts'

const key = (label: number): Uint8Array => sha256(Uint8Array.of(label))
const put = (label: number, value: number): StateWrite => ({ treeKey: key(label), value: Uint8Array.of(value) })
const remove = (label: number): StateWrite => ({ treeKey: key(label), value: undefined })
const read = (state: TreeState, label: number): number | undefined => state.get(key(label))?.[0]

/** A batch changes each key at most once, as a block's writes do. */
const batch = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.option(fc.nat(255), { nil: undefined })), {
    selector: ([label]) => label,
    maxLength: 12,
  })
  .map((pairs) => pairs.map(([label, value]) => (value === undefined ? remove(label) : put(label, value))))

test('the root depends on the records alone, not on order, batching or what was deleted', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (batches, random) => {
      const records = new Map<string, StateWrite>()
      let layered: TreeState = new MemoryState()
      for (const writes of batches) {
        layered = new StateLayer(layered, writes)
        for (const write of writes) {
          if (write.value === undefined) records.delete(hexKey(write.treeKey))
          else records.set(hexKey(write.treeKey), write)
        }
      }
      const shuffled = [...records.values()]
        .map((write) => ({ write, at: random.next().value }))
        .sort((a, b) => a.at - b.at)
      const whole = new MemoryState(shuffled.map(({ write }) => write))
      expect(hexKey(layered.root)).toBe(hexKey(whole.root))
      for (let label = 0; label <= 30; label++) expect(read(layered, label)).toBe(read(whole, label))
    }),
    { numRuns: 150 },
  )
})

describe('layers', () => {
  test('forks are siblings: neither sees the other, and the parent sees neither', () => {
    const final = new MemoryState([put(1, 1), put(2, 2)])
    const parent = new StateLayer(final, [put(3, 3)])
    const a = new StateLayer(parent, [put(1, 10), remove(2)])
    const b = new StateLayer(parent, [put(4, 4)])
    expect([1, 2, 3, 4].map((label) => read(a, label))).toEqual([10, undefined, 3, undefined])
    expect([1, 2, 3, 4].map((label) => read(b, label))).toEqual([1, 2, 3, 4])
    expect([1, 2, 3, 4].map((label) => read(parent, label))).toEqual([1, 2, 3, undefined])
    expect(new Set([final, parent, a, b].map((state) => hexKey(state.root))).size).toBe(4)
  })

  test('a settled layer and those above it read the final state, with the same answers', () => {
    const final = new MemoryState([put(1, 1)])
    const first = new StateLayer(final, [put(2, 2), remove(1)])
    const second = new StateLayer(first, [put(3, 3)])
    const other = new StateLayer(second, [put(2, 9)])
    const root = hexKey(first.root)
    final.commit(first)
    expect(hexKey(final.root)).toBe(root)
    for (const state of [final, first])
      expect([1, 2, 3].map((label) => read(state, label))).toEqual([undefined, 2, undefined])
    expect([1, 2, 3].map((label) => read(second, label))).toEqual([undefined, 2, 3])
    final.commit(second)
    final.commit(other)
    // Nothing of the settled layer is kept: it shows whatever is final.
    expect(read(first, 2)).toBe(9)
    const third = new StateLayer(other, [put(4, 4)])
    expect(hexKey(third.root)).toBe(hexKey(new MemoryState([put(2, 9), put(3, 3), put(4, 4)]).root))
  })

  test('a tower higher than the bound still answers right, before and after it becomes final', () => {
    const height = MAX_OVERLAY_DEPTH + 20
    const final = new MemoryState([put(0, 0)])
    const tower: StateLayer[] = []
    const reference = new Map<number, number>([[0, 0]])
    const labels = Array.from({ length: 10 }, (_, label) => label)
    const expected = () => labels.map((label) => reference.get(label))
    for (let i = 1; i <= height; i++) {
      tower.push(new StateLayer(tower[tower.length - 1] ?? final, [put(i % 10, i), remove((i + 3) % 10)]))
      reference.set(i % 10, i)
      reference.delete((i + 3) % 10)
      expect(labels.map((label) => read(tower[i - 1]!, label))).toEqual(expected())
    }
    const top = tower[height - 1]!
    for (const layer of tower) final.commit(layer)
    expect(labels.map((label) => read(final, label))).toEqual(expected())
    expect(hexKey(top.root)).toBe(hexKey(final.root))
  })

  test('the empty state has the zero root, and so has one that was emptied', () => {
    expect(new MemoryState().root).toEqual(ZERO_HASH)
    const state = new MemoryState([put(1, 1)])
    state.commit(new StateLayer(state, [remove(1)]))
    expect(state.root).toEqual(ZERO_HASH)
    expect(state.size).toBe(0)
  })
})
