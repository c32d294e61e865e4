import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { u64be } from '../../core/bytes.ts'
import type { KvOperation } from '../../core/kv.ts'
import { copyStore } from './copy-store.ts'
import { LevelStore } from './level-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'quern-copy-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const put = (from: number, count: number, fill: number): KvOperation[] =>
  Array.from({ length: count }, (_, i) => ({
    type: 'put',
    key: u64be(from + i),
    value: new Uint8Array(2_000).fill(fill),
  }))

describe('copying a store', () => {
  it('the copy keeps what was there, whatever becomes of the original, and the other way round', async () => {
    const [original, copy] = [join(folder, 'original'), join(folder, 'copy')]
    let store = await LevelStore.open(original)
    // Enough for table files, with a tail that is still in the log.
    for (let i = 0; i < 20; i++) await store.write(put(i * 1_000, 1_000, 1))
    await store.write(put(50_000, 1, 7), { sync: true })
    await store.close()
    await copyStore(original, copy)

    store = await LevelStore.open(original)
    for (let i = 0; i < 20; i++) await store.write(put(i * 1_000, 1_000, 2))
    await store.write([{ type: 'delete', key: u64be(50_000) }], { sync: true })
    await store.close()

    const restored = await LevelStore.open(copy)
    expect(restored.get(u64be(0))?.[0]).toBe(1)
    expect(restored.get(u64be(19_999))?.[0]).toBe(1)
    expect(restored.get(u64be(50_000))?.[0]).toBe(7)
    await restored.write(put(0, 1, 3), { sync: true })
    await restored.close()

    store = await LevelStore.open(original)
    expect(store.get(u64be(0))?.[0]).toBe(2)
    expect(store.get(u64be(50_000))).toBeUndefined()
    await store.close()
  })
})
