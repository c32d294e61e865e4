import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { type KvReader, MemoryStore } from '../../core/kv.ts'
import { jumpLength, VersionedValues } from './versioned-values.ts'

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n)

describe('versioned values', () => {
  it('answer every key at every version as a list of snapshots does', async () => {
    const block = fc.array(fc.tuple(fc.nat(3), fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined })), {
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 40 }), async (blocks) => {
        const store = new MemoryStore()
        const values = new VersionedValues(store)
        const snapshots: Map<number, Uint8Array>[] = [new Map()]
        for (const [i, writes] of blocks.entries()) {
          const state = new Map(snapshots[i])
          const unique = new Map(writes)
          for (const [k, value] of unique) value === undefined ? state.delete(k) : state.set(k, value)
          await store.write(
            values.commit(
              i + 1,
              [...unique].map(([k, value]) => ({ treeKey: key(k), value })),
            ),
          )
          snapshots.push(state)
        }
        for (const [version, state] of snapshots.entries()) {
          for (let k = 0; k < 4; k++) expect(values.at(version).get(key(k))).toEqual(state.get(k))
        }
        for (let k = 0; k < 4; k++) expect(values.get(key(k))).toEqual(snapshots.at(-1)!.get(k))
      }),
      { numRuns: 60 },
    )
  })

  it('reach a value 4,000 changes ago in a logarithmic number of reads', async () => {
    const store = new MemoryStore()
    const values = new VersionedValues(store)
    for (let v = 1; v <= 4_000; v++)
      await store.write(values.commit(v, [{ treeKey: key(1), value: Uint8Array.of(v % 251) }]))
    let reads = 0
    const counting: KvReader = {
      get: (k) => {
        reads++
        return store.get(k)
      },
      entries: (range) => store.entries(range),
    }
    for (const version of [1, 7, 1_999, 3_998]) {
      reads = 0
      expect(new VersionedValues(counting).getAt(key(1), version)).toEqual(Uint8Array.of(version % 251))
      expect(reads).toBeLessThan(3 * 12)
    }
    expect(hexKey(values.get(key(1))!)).toBe(hexKey(Uint8Array.of(4_000 % 251)))
  })

  it('jump by the last digit in skew binary', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 14, 15].map(jumpLength)).toEqual([1, 1, 3, 1, 1, 3, 7, 1, 7, 15])
  })
})
