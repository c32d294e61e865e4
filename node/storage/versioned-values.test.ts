import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey, readU64 } from '../../core/bytes.ts'
import { type KvReader, MemoryStore } from '../../core/kv.ts'
import { jumpLength, VersionedValues } from './versioned-values.ts'

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n)

const contentOf = async (store: KvReader): Promise<string[]> => {
  const rows: string[] = []
  for await (const [k, value] of store.entries()) rows.push(`${hexKey(k)} ${hexKey(value)}`)
  return rows
}

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

  it('pruned step by step, or undone, answer what is left as before, and grow on', async () => {
    const block = fc.record({
      writes: fc.array(fc.tuple(fc.nat(3), fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined })), {
        maxLength: 4,
      }),
      prunedBy: fc.nat(4),
      isUndone: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 40 }), async (blocks) => {
        const store = new MemoryStore()
        const values = new VersionedValues(store)
        const snapshots: Map<number, Uint8Array>[] = [new Map()]
        const deleted = new Set<number>()
        let oldest = 0
        for (const { writes, prunedBy, isUndone } of blocks) {
          const state = new Map(snapshots.at(-1))
          const unique = new Map(writes)
          for (const [k, value] of unique) value === undefined ? state.delete(k) : state.set(k, value)
          const version = snapshots.length
          const before = await contentOf(store)
          await store.write(
            values.commit(
              version,
              [...unique].map(([k, value]) => ({ treeKey: key(k), value })),
            ),
          )
          if (isUndone) {
            await store.write(await values.undo(version))
            expect(await contentOf(store)).toEqual(before)
            continue
          }
          snapshots.push(state)
          for (const [k, value] of unique) if (value === undefined) deleted.add(k)
          for (let step = 0; step < prunedBy && oldest < version; step++)
            await store.write(await values.prune(++oldest))
        }
        for (let version = oldest; version < snapshots.length; version++) {
          for (let k = 0; k < 4; k++) expect(values.getAt(key(k), version)).toEqual(snapshots[version]!.get(k))
        }
        // One row for each kept change above the oldest version, and one for each key that had a value there, or had lost it
        // and was deleted once more.
        let rows = 0
        let changes = 0
        const standing = new Set(snapshots[oldest]!.keys())
        for await (const [k] of store.entries()) {
          if (k[0] !== 0x22) rows++
          else {
            changes++
            expect(readU64(k, 1)).toBeGreaterThan(oldest)
            if (deleted.has(k.at(-1)!)) standing.add(k.at(-1)!)
          }
        }
        expect(rows).toBeLessThanOrEqual(changes + standing.size)
      }),
      { numRuns: 80 },
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
