/** Damage of every kind, put right from what is sound; and chains cut back, also when the power goes at any write. */
import { beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { type KvStore, MemoryStore, prefixRange } from '../../core/kv.ts'
import { FaultyStore, PowerCut } from '../../test/durability/faulty-store.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import { openRules } from '../execution-rules.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { dumpStore, type StoreDump } from '../testing/dump.ts'
import { ChainStore } from './chain-store.ts'
import { cutBack } from './cut.ts'
import { KEY, PREFIX } from './layout.ts'
import { repairFaults } from './repair.ts'
import { FrozenStore, type MadeStore, madeStore, makerOver, storeOf } from './store-fixture.ts'
import { cachedVerify } from './verify/verify-fixture.ts'

const BLOCKS = 12
let made: MadeStore
let rules: ExecutionRules

beforeAll(async () => {
  made = await madeStore(BLOCKS)
  rules = await openRules(made.genesis)
})

const check = async (store: KvStore) => cachedVerify(new FrozenStore(await dumpStore(store)), made.genesis)

/** As `quern chain repair` goes about it. */
async function repaired(store: KvStore): Promise<{ readonly left: string[]; readonly did: string[] }> {
  const did: string[] = []
  let { faults } = await check(store)
  for (let round = 0; round < 4 && faults.length > 0; round++) {
    await repairFaults(faults, {
      kv: store,
      genesis: made.genesis,
      rules,
      did: (what) => did.push(what),
    })
    faults = (await check(store)).faults
  }
  return { left: faults.map(({ key, what }) => `${toHex(key)} ${what}`), did }
}

async function damaged(key: Uint8Array): Promise<MemoryStore> {
  const store = await storeOf(made.dump)
  const value = store.get(key)!.slice()
  expect(value.length).toBeGreaterThan(0)
  value[value.length - 1]! ^= 1
  await store.write([{ type: 'put', key, value }])
  return store
}

/** Key of a row in the middle of a table. */
const middleOf = (prefix: Uint8Array): Uint8Array => {
  const rows = made.dump.filter(([key]) => prefix.every((byte, i) => key[i] === byte))
  return rows[rows.length >> 1]![0]
}

const rowsOf = (dump: StoreDump): string[] => dump.map(([key, value]) => `${toHex(key)} ${toHex(value)}`).sort()

describe('a repair', () => {
  it('writes indexes, senders, receipts and changes as they were', async () => {
    const blockWithTransactions = made.dump.find(([key, value]) => key[0] === 0x13 && value.length > 0)![0]
    const tables = [middleOf(Uint8Array.of(0x11)), KEY.receipts(7), blockWithTransactions]
    for (const key of [...tables, middleOf(Uint8Array.of(0x14)), KEY.epochEnd(0)]) {
      for (const store of [
        await damaged(key),
        await storeOf(made.dump.filter(([other]) => toHex(other) !== toHex(key))),
      ]) {
        const { left, did } = await repaired(store)
        expect(left, toHex(key)).toEqual([])
        expect(did.length).toBeGreaterThan(0)
        expect(rowsOf(await dumpStore(store)), toHex(key)).toEqual(rowsOf(made.dump))
      }
    }
    const change = middleOf(PREFIX.change)
    const store = await storeOf(made.dump.filter(([key]) => toHex(key) !== toHex(change)))
    expect((await repaired(store)).left).toEqual([])
    expect(rowsOf(await dumpStore(store))).toEqual(rowsOf(made.dump))
  })

  it('builds the tree anew where it or the past is damaged, and the chain goes on from there', async () => {
    for (const prefix of [
      Uint8Array.of(0x30, 0),
      Uint8Array.of(0x30, 1),
      Uint8Array.of(0x30, 2),
      PREFIX.valueHistory,
    ]) {
      const store = await damaged(middleOf(prefix))
      const { left } = await repaired(store)
      expect(left, toHex(prefix)).toEqual([])
      const chain = await ChainStore.open(store, genesisEntry(made.genesis))
      expect(chain.held).toEqual({ blocksFrom: 0, statesFrom: BLOCKS })
      for (const [key, value] of made.dump) {
        if (key[0] === 0x20 && value[32] === 1) expect(chain.state.get(key.slice(1))).toEqual(value.slice(33))
      }
    }
  })

  it('forgets the blocks up to a damaged one or its certificate', async () => {
    for (const key of [KEY.block(5), KEY.notarization(5)]) {
      const store = await damaged(key)
      expect((await repaired(store)).left).toEqual([])
      const chain = await ChainStore.open(store, genesisEntry(made.genesis))
      expect(chain.held).toEqual({ blocksFrom: 6, statesFrom: 6 })
      expect(chain.head.header.height).toBe(BLOCKS)
    }
  })

  it('removes what belongs to nothing, and a journal that cannot be read together with what vouches for it', async () => {
    const store = await storeOf(made.dump)
    await store.write([
      { type: 'put', key: Uint8Array.of(0x99), value: Uint8Array.of(1) },
      { type: 'put', key: KEY.record(3), value: Uint8Array.of(1, 2, 3) },
      { type: 'put', key: KEY.signingSessions, value: new Uint8Array(32) },
    ])
    expect((await repaired(store)).left).toEqual([])
    expect(store.get(KEY.signingSessions)).toBeUndefined()
    expect(rowsOf(await dumpStore(store))).toEqual(rowsOf(made.dump))
  })

  it('leaves damage of the newest values and of the head, and says so', async () => {
    for (const key of [middleOf(PREFIX.value), KEY.finalization(BLOCKS)]) {
      const { left } = await repaired(await damaged(key))
      expect(left.join()).toContain(toHex(key))
    }
  })
})

describe('cutting back', () => {
  /** The newest directly final block at or below a height. */
  const headAt = (height: number): number => {
    const finalised = new Set(made.dump.filter(([key]) => key[0] === 0x16).map(([key]) => key.at(-1)!))
    let target = height
    while (!finalised.has(target)) target--
    return target
  }

  it('leaves byte for byte the store of a shorter chain', async () => {
    const target = headAt(8)
    const store = await storeOf(made.dump)
    await store.write([{ type: 'put', key: KEY.signingSessions, value: new Uint8Array(32) }])
    expect(await cutBack(store, 8)).toBe(target)
    const shorter = new MemoryStore()
    await (await makerOver(shorter)).run(target)
    expect(rowsOf(await dumpStore(store))).toEqual(rowsOf(await dumpStore(shorter)))
    expect((await check(store)).faults).toEqual([])
  })

  it('cut short at any write leaves a whole chain, and goes on', async () => {
    const target = headAt(9)
    const wanted = await storeOf(made.dump)
    await cutBack(wanted, 9)
    let cuts = 0
    for (let atWrite = 1; ; atWrite++) {
      for (const isWritten of [false, true]) {
        const disk = await storeOf(made.dump)
        const cut = await cutBack(new FaultyStore(disk, { atWrite, isWritten }), 9).catch((error: unknown) => error)
        if (cut === target) {
          expect(cuts).toBe(2 * (BLOCKS - target + 1))
          return
        }
        expect(cut).toBeInstanceOf(PowerCut)
        cuts++
        await ChainStore.open(disk, genesisEntry(made.genesis))
        await cutBack(disk, 9)
        expect(rowsOf(await dumpStore(disk))).toEqual(rowsOf(await dumpStore(wanted)))
      }
    }
  })

  it('leaves no head that is not directly final', async () => {
    const store = await storeOf(made.dump)
    const certified = (height: number): boolean => store.get(KEY.finalization(height)) !== undefined
    const between = Array.from({ length: BLOCKS }, (_, i) => i + 1).find((height) => !certified(height))!
    const chain = await ChainStore.open(store, genesisEntry(made.genesis))
    while (await chain.prune({ blocksFrom: between, statesFrom: between }));
    const before = rowsOf(await dumpStore(store))
    await expect(cutBack(store, between)).rejects.toMatchObject({ code: 'CUT_TOO_LOW' })
    expect(rowsOf(await dumpStore(store))).toEqual(before)
    const least = between + 1 + Array.from({ length: BLOCKS }, (_, i) => i + between + 1).findIndex(certified)
    await expect(cutBack(store, between)).rejects.toThrow(`--to ${least} or above`)
    expect(await cutBack(store, least)).toBe(least)
    expect((await check(store)).faults).toEqual([])
  })

  it('forgets the journal and what the signing record knows the store by', async () => {
    const store = await storeOf(made.dump)
    const record = { type: 'put', key: KEY.record(1), value: Uint8Array.of(9) } as const
    await store.write([record, { type: 'put', key: KEY.signingSessions, value: new Uint8Array(32) }])
    await cutBack(store, BLOCKS - 1)
    expect(store.get(KEY.signingSessions)).toBeUndefined()
    for await (const [key] of store.entries(prefixRange(PREFIX.record))) expect(toHex(key)).toBe('nothing')
  })

  it('goes no lower than the states that are here', async () => {
    const store = await storeOf(made.dump)
    const chain = await ChainStore.open(store, genesisEntry(made.genesis))
    while (await chain.prune({ blocksFrom: 6, statesFrom: 10 }));
    await expect(cutBack(store, 7)).rejects.toMatchObject({ code: 'CUT_TOO_LOW' })
    expect(await cutBack(store, 12)).toBe(headAt(12))
    expect((await check(store)).faults).toEqual([])
  })
})
