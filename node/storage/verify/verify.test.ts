/** One byte of one row changed, or the row lost: the check names that row, in every table. */
import { beforeAll, describe, expect, it } from 'vitest'
import { concatBytes, EMPTY_BYTES, hexKey, toHex } from '../../../core/bytes.ts'
import type { KvOperation } from '../../../core/kv.ts'
import { genesisEntry } from '../../genesis-entry.ts'
import { dumpStore, type StoreDump } from '../../testing/dump.ts'
import { ChainStore } from '../chain-store.ts'
import { Journal } from '../journal.ts'
import { KEY } from '../layout.ts'
import { FrozenStore, type MadeStore, madeStore, storeOf } from '../store-fixture.ts'
import { TABLE_NAMES } from '../tables.ts'
import { type VerifyReport, verifyStore } from './verify.ts'
import { cachedVerify } from './verify-fixture.ts'

let made: MadeStore
/** With a journal, and without the oldest blocks and states. */
let pruned: StoreDump

beforeAll(async () => {
  made = await madeStore(11)
  const store = await storeOf(made.dump)
  const chain = await ChainStore.open(store, genesisEntry(made.genesis))
  const certificate = chain.notarization(11)!
  const journal = await Journal.open(store)
  await journal.append([
    { type: 'certificate', certificate },
    { type: 'block', block: chain.head },
  ])
  await store.write([{ type: 'put', key: KEY.signingSessions, value: new Uint8Array(32) }])
  while (await chain.prune({ blocksFrom: 9, statesFrom: 9 }));
  pruned = await dumpStore(store)
})

const check = (dump: StoreDump): Promise<VerifyReport> => cachedVerify(new FrozenStore(dump), made.genesis)

const replaced = (dump: StoreDump, at: number, row: StoreDump[number] | undefined): StoreDump =>
  row === undefined ? dump.toSpliced(at, 1) : dump.toSpliced(at, 1, row)

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at]! ^= 0x04
  return copy
}

/** The state tree has tables of its own. */
const tableOf = (key: Uint8Array): string => (key[0] === 0x30 ? toHex(key.subarray(0, 2)) : toHex(key.subarray(0, 1)))

/** One row of each table. */
function sampled(dump: StoreDump): [table: string, at: number][] {
  const tables = new Map<string, number[]>()
  for (const [at, [key]] of dump.entries()) {
    const table = tableOf(key)
    tables.set(table, [...(tables.get(table) ?? []), at])
  }
  return [...tables].map(([table, places]) => [table, places[places.length >> 1]!])
}

/** What they are checked against lies elsewhere, so that is what is told. */
const TOLD_ELSEWHERE = new Set(['0x04'])
/** Drawn by chance: any bytes will do. */
const RANDOM = new Set(['0x03'])
/** Nothing here says that it was ever there. */
const MAY_BE_MISSING = new Set(['0x03', '0x04', '0x16', '0x18', '0x19', '0x40', '0x22'])

describe('quern chain verify', () => {
  it('finds nothing wrong with a sound store, whole or pruned', async () => {
    for (const dump of [made.dump, pruned]) {
      const { faults, uncheckedEpochs, ...counts } = await check(dump)
      expect(faults).toEqual([])
      expect(uncheckedEpochs).toEqual([])
      expect(counts.certificates).toBeGreaterThan(counts.blocks)
      expect(counts.treeNodes).toBeGreaterThan(100)
    }
  })

  it('names the row of which one byte changed, whatever its table', async () => {
    const seen = new Set<string>()
    const silent: string[] = []
    for (const dump of [made.dump, pruned]) {
      for (const [table, at] of sampled(dump)) {
        const [key, value] = dump[at]!
        if (value.length === 0 || RANDOM.has(table)) continue
        seen.add(table)
        for (const byte of new Set([dump === pruned ? 0 : value.length >> 1, value.length - 1])) {
          const { faults } = await check(replaced(dump, at, [key, flipped(value, byte)]))
          const isNamed = faults.some((fault) => hexKey(fault.key) === hexKey(key))
          const isTold = TOLD_ELSEWHERE.has(table) ? faults.length > 0 : isNamed
          if (!isTold)
            silent.push(`${toHex(key)} byte ${byte} of ${value.length}: ${faults.map((f) => f.what).join('; ')}`)
        }
      }
    }
    expect(silent).toEqual([])
    expect(seen.size).toBeGreaterThan(20)
  }, 30_000)

  it('misses every row that is lost', async () => {
    const silent: string[] = []
    for (const [table, at] of sampled(made.dump)) {
      if (MAY_BE_MISSING.has(table)) continue
      const { faultCount } = await check(replaced(made.dump, at, undefined))
      if (faultCount === 0) silent.push(toHex(made.dump[at]![0]))
    }
    expect(silent).toEqual([])
  }, 30_000)

  it('names rows that belong to nothing', async () => {
    const strays: StoreDump = [
      [Uint8Array.of(0x07), EMPTY_BYTES],
      [Uint8Array.of(0x0f, 1), EMPTY_BYTES],
      [Uint8Array.of(0x1f), EMPTY_BYTES],
      [Uint8Array.of(0x42), EMPTY_BYTES],
      [Uint8Array.of(0xff, 0xff), EMPTY_BYTES],
      [KEY.block(99), Uint8Array.of(1)],
      [KEY.blockHeight(new Uint8Array(32)), new Uint8Array(8)],
      [KEY.transaction(new Uint8Array(32)), new Uint8Array(12)],
      [concatBytes(Uint8Array.of(0x20), new Uint8Array(3)), EMPTY_BYTES],
    ]
    for (const stray of strays) {
      const { faults } = await check([...made.dump, stray])
      expect(
        faults.map((fault) => toHex(fault.key)),
        toHex(stray[0]),
      ).toContain(toHex(stray[0]))
    }
  })

  it('stops with the reason where a store is of another layout, of another chain, or has no head', async () => {
    for (const [key, value] of [
      [KEY.layoutVersion, new Uint8Array(8)],
      [KEY.genesisHash, new Uint8Array(32)],
      [KEY.head, new Uint8Array(3)],
      [KEY.held, new Uint8Array(3)],
      [KEY.migration, EMPTY_BYTES],
    ] as const) {
      const store = await storeOf(made.dump)
      await store.write([{ type: 'put', key, value } satisfies KvOperation])
      const { faults } = await verifyStore(store, made.genesis)
      expect(faults).toMatchObject([{ kind: 'store', key }])
    }
  })

  it('has a name for every table', () => {
    for (const [key] of [...made.dump, ...pruned]) expect(TABLE_NAMES[key[0]!]).toBeDefined()
  })
})
