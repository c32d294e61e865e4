import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, hexKey } from './bytes.ts'
import { type KvOperation, type KvRange, type KvReader, MemoryStore, prefixEnd, prefixRange } from './kv.ts'

// Few symbols and short keys, so that overwrites, deletes of present keys, prefixes and equal bounds all occur.
const key = fc.array(fc.constantFrom(0, 1, 127, 255), { maxLength: 3 }).map((list) => Uint8Array.from(list))
const operation: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 3 }) }),
  fc.record({ type: fc.constant('delete' as const), key }),
)
const range: fc.Arbitrary<KvRange> = fc.record(
  { gte: key, lt: key, reverse: fc.boolean(), limit: fc.nat({ max: 4 }) },
  { requiredKeys: [] },
)

async function list(store: KvReader, within?: KvRange): Promise<[string, string][]> {
  const out: [string, string][] = []
  for await (const [k, v] of store.entries(within)) out.push([hexKey(k), hexKey(v)])
  return out
}

describe('MemoryStore', () => {
  it('agrees with a sorted list under any batches and ranges', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 4 }),
        range,
        async (batches, within) => {
          const store = new MemoryStore()
          const model = new Map<string, KvOperation & { type: 'put' }>()
          for (const batch of batches) {
            await store.write(batch)
            for (const step of batch) {
              if (step.type === 'put') model.set(hexKey(step.key), step)
              else model.delete(hexKey(step.key))
            }
          }
          let wanted = [...model.values()].sort((a, b) => Buffer.compare(a.key, b.key))
          for (const { key, value } of wanted) expect(store.get(key)).toEqual(value)
          wanted = wanted.filter(({ key }) => {
            const low = within.gte === undefined || Buffer.compare(key, within.gte) >= 0
            return low && (within.lt === undefined || Buffer.compare(key, within.lt) < 0)
          })
          if (within.reverse) wanted.reverse()
          wanted = wanted.slice(0, within.limit)
          expect(await list(store, within)).toEqual(wanted.map(({ key, value }) => [hexKey(key), hexKey(value)]))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('applies a batch in order', async () => {
    const store = new MemoryStore()
    const at = Uint8Array.of(1)
    await store.write([
      { type: 'put', key: at, value: Uint8Array.of(1) },
      { type: 'delete', key: at },
      { type: 'put', key: at, value: Uint8Array.of(2) },
    ])
    expect(store.get(at)).toEqual(Uint8Array.of(2))
    await store.write([{ type: 'delete', key: Uint8Array.of(9) }])
    expect(await list(store)).toEqual([['01', '02']])
    expect(store.get(Uint8Array.of(9))).toBeUndefined()
    await store.close()
  })

  it('tells the empty value from none, and takes the empty key', async () => {
    const store = new MemoryStore()
    await store.write([{ type: 'put', key: new Uint8Array(0), value: new Uint8Array(0) }])
    expect(store.get(new Uint8Array(0))).toEqual(new Uint8Array(0))
    expect(await list(store)).toEqual([['', '']])
  })

  it('keeps copies of what it is given', async () => {
    const store = new MemoryStore()
    const k = Uint8Array.of(1)
    const v = Uint8Array.of(2)
    await store.write([{ type: 'put', key: k, value: v }])
    k[0] = 7
    v[0] = 7
    expect(await list(store)).toEqual([['01', '02']])
  })

  it('gives none at limit 0', async () => {
    const store = new MemoryStore()
    await store.write([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(1) }])
    expect(await list(store, { limit: 0 })).toEqual([])
  })
})

describe('prefixRange', () => {
  it('holds a key exactly when the key starts with the prefix', () => {
    fc.assert(
      fc.property(key, key, (prefix, candidate) => {
        const { gte, lt } = prefixRange(prefix)
        const inside = compareBytes(candidate, gte!) >= 0 && (lt === undefined || compareBytes(candidate, lt) < 0)
        expect(inside).toBe(hexKey(candidate).startsWith(hexKey(prefix)))
      }),
      { numRuns: 500 },
    )
  })

  it('ends after trailing 0xff bytes, or nowhere', () => {
    expect(prefixEnd(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 3))
    expect(prefixEnd(Uint8Array.of(1, 255, 255))).toEqual(Uint8Array.of(2))
    expect(prefixEnd(Uint8Array.of(255, 255))).toBeUndefined()
    expect(prefixEnd(new Uint8Array(0))).toBeUndefined()
  })

  it('does not change the prefix', () => {
    const prefix = Uint8Array.of(1, 255)
    prefixEnd(prefix)
    expect(prefix).toEqual(Uint8Array.of(1, 255))
  })
})
