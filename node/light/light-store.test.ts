import { describe, expect, it } from 'vitest'
import { trustGenesis } from '../../consensus/light/trust.ts'
import { testGenesis } from '../../consensus/testing/chain.ts'
import { MemoryStore } from '../../core/kv.ts'
import { LightStore, MAX_KEPT_HEADERS } from './light-store.ts'

const begun = trustGenesis(testGenesis(4))
const at = (height: number) => ({ ...begun, header: { ...begun.header, height } })
const line = (height: number) => ({ header: at(height).header, finalization: undefined })

describe('the store of a light node', () => {
  it('gives back where trust had come to, and the headers', async () => {
    const kv = new MemoryStore()
    const store = await LightStore.open(kv, begun.hash)
    expect(store.trusted()).toBeUndefined()
    await store.advance(begun, [line(0)])
    const again = await LightStore.open(kv, begun.hash)
    expect(again.trusted()).toEqual(begun)
    expect(again.header(0)).toEqual(line(0))
    expect(again.header(1)).toBeUndefined()
    await expect(LightStore.open(kv, new Uint8Array(32))).rejects.toMatchObject({ code: 'STORE_OTHER_CHAIN' })
  })

  it('keeps the newest headers alone', async () => {
    const store = await LightStore.open(new MemoryStore(), begun.hash)
    await store.advance(at(10), [line(9), line(10)])
    await store.advance(at(MAX_KEPT_HEADERS + 10), [line(MAX_KEPT_HEADERS + 10)])
    expect([9, 10, MAX_KEPT_HEADERS + 10].map((height) => store.header(height)?.header.height)).toEqual([
      undefined,
      10,
      MAX_KEPT_HEADERS + 10,
    ])
  })

  it('begins elsewhere with nothing of before', async () => {
    const store = await LightStore.open(new MemoryStore(), begun.hash)
    await store.advance(at(7), [line(6), line(7)])
    await store.restart(at(100))
    expect([6, 7, 100].map((height) => store.header(height) !== undefined)).toEqual([false, false, true])
    expect(store.trusted()?.header.height).toBe(100)
  })
})
