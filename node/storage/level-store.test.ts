import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KvStore, MemoryStore, prefixRange } from '../../core/kv.ts'
import { dumpStore, restoreStore } from '../testing/dump.ts'
import { LevelStore } from './level-store.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const all = async (store: KvStore, ...args: Parameters<KvStore['entries']>) => {
  const out: number[][] = []
  for await (const [key, value] of store.entries(...args)) out.push([...key, ...value])
  return out
}

describe('level store', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'quern-store-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('answers as the store in memory does, and keeps what it was given over a restart', async () => {
    const path = join(directory, 'a')
    let level = await LevelStore.open(path)
    const memory = new MemoryStore()
    for (const store of [level, memory]) {
      await store.write([
        { type: 'put', key: bytes(1, 2), value: bytes(9) },
        { type: 'put', key: bytes(1, 1), value: bytes(8) },
        { type: 'put', key: bytes(2), value: bytes() },
        { type: 'put', key: bytes(3), value: bytes(7) },
      ])
      await store.write(
        [
          { type: 'delete', key: bytes(3) },
          { type: 'put', key: bytes(1, 3), value: bytes(6) },
        ],
        { sync: true },
      )
    }
    await level.close()
    level = await LevelStore.open(path)
    for (const range of [
      {},
      prefixRange(bytes(1)),
      { gte: bytes(1, 2), reverse: true },
      { lt: bytes(1, 3), limit: 1 },
    ]) {
      expect(await all(level, range)).toEqual(await all(memory, range))
    }
    expect(level.get(bytes(2))).toEqual(bytes())
    expect(level.get(bytes(3))).toBeUndefined()
    await level.close()
  })

  it('refuses a directory that is in use', async () => {
    const path = join(directory, 'b')
    const store = await LevelStore.open(path)
    await expect(LevelStore.open(path)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
  })

  it('restores a dump exactly', async () => {
    const store = await LevelStore.open(join(directory, 'c'))
    await store.write([
      { type: 'put', key: bytes(1), value: bytes(1) },
      { type: 'put', key: bytes(2), value: bytes(2) },
    ])
    const dump = await dumpStore(store)
    await store.write([
      { type: 'put', key: bytes(1), value: bytes(5) },
      { type: 'put', key: bytes(0), value: bytes(5) },
      { type: 'delete', key: bytes(2) },
    ])
    await restoreStore(store, dump)
    expect(await all(store)).toEqual([
      [1, 1],
      [2, 2],
    ])
    await store.close()
  })
})
