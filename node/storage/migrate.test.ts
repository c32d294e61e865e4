/** A store of layout 1, as an older program wrote it, becomes one of layout 2, also when the power goes at any write. */
import { beforeAll, describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex, u64be } from '../../core/bytes.ts'
import { type KvOperation, type KvStore, MemoryStore } from '../../core/kv.ts'
import { FaultyStore, PowerCut } from '../../test/durability/faulty-store.ts'
import { genesisEntry } from '../genesis-entry.ts'
import type { StoreDump } from '../testing/dump.ts'
import { ChainStore } from './chain-store.ts'
import { KEY, PREFIX } from './layout.ts'
import { migrate } from './migrate.ts'
import { type MadeStore, madeStore, storeOf } from './store-fixture.ts'

let made: MadeStore
/** Layout 1 had no table of changes, and every other table as it is now. */
let old: StoreDump

beforeAll(async () => {
  made = await madeStore(6)
  old = made.dump
    .filter(([key]) => key[0] !== PREFIX.change[0])
    .map(([key, value]) => (key.length === 1 && key[0] === KEY.layoutVersion[0] ? [key, u64be(1)] : [key, value]))
})

const rowsOf = async (store: KvStore): Promise<string[]> => {
  const rows: string[] = []
  for await (const [key, value] of store.entries()) rows.push(`${toHex(key)} ${toHex(value)}`)
  return rows
}

describe('a migration', () => {
  it('makes what a store of the new layout holds', async () => {
    const store = await storeOf(old)
    await ChainStore.open(store, genesisEntry(made.genesis))
    expect(await rowsOf(store)).toEqual(await rowsOf(await storeOf(made.dump)))
  })

  it('cut at any write goes on where it was, and no older program opens the store in between', async () => {
    const wanted = await rowsOf(await storeOf(made.dump))
    let cuts = 0
    for (let atWrite = 1; ; atWrite++) {
      for (const isWritten of [false, true]) {
        const disk = await storeOf(old)
        const cut = await migrate(new FaultyStore(disk, { atWrite, isWritten }), 32).catch((error: unknown) => error)
        if (cut === undefined) {
          expect(cuts).toBeGreaterThan(8)
          return
        }
        expect(cut).toBeInstanceOf(PowerCut)
        cuts++
        const hasBegun = atWrite > 1 || isWritten
        expect(disk.get(KEY.layoutVersion)).toEqual(u64be(hasBegun ? 2 : 1))
        await migrate(disk, 32)
        expect(await rowsOf(disk)).toEqual(wanted)
      }
    }
  })

  it('refuses a layout that it does not know, and changes nothing', async () => {
    for (const [layout, advice] of [
      [3, 'upgrade'],
      [0, 'sync anew'],
    ] as const) {
      const store = new MemoryStore()
      const rows: KvOperation[] = [{ type: 'put', key: KEY.layoutVersion, value: u64be(layout) }]
      await store.write(layout === 3 ? [...rows, { type: 'put', key: KEY.migration, value: EMPTY_BYTES }] : rows)
      const before = await rowsOf(store)
      await expect(migrate(store)).rejects.toMatchObject({
        code: 'STORE_LAYOUT',
        message: expect.stringContaining(advice),
      })
      expect(await rowsOf(store)).toEqual(before)
    }
  })
})
