/** A start that dies halfway, at each of its writes: whatever was barred stays barred, and nothing else becomes so. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../core/hash.ts'
import { MemoryStore } from '../../core/kv.ts'
import { copyOf, sign } from './fixture.ts'
import { comparePlaces, type Place } from './place.ts'
import { SigningRecord, type SigningRecordOptions } from './signing-record.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-record-crash-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const file = () => path.join(folder, 'signing.json')
beforeEach(() => fs.rmSync(file(), { force: true }))

const options = (): SigningRecordOptions => ({
  file: file(),
  genesisHash: sha256(Uint8Array.of(1)),
  blsPublicKey: new Uint8Array(48).fill(7),
})

/** Starts on the store, of which the store's part, the file's part, or neither reached the disk. */
async function startAndDie(store: MemoryStore, survives: 'store' | 'file' | 'neither'): Promise<MemoryStore> {
  const storeBefore = await copyOf(store)
  const fileBefore = fs.readFileSync(file())
  await SigningRecord.open(options(), store)
  if (survives !== 'file') fs.writeFileSync(file(), fileBefore)
  return survives === 'store' ? store : storeBefore
}

describe('a start that dies halfway', () => {
  const SIGNED: Place = { epoch: 0, view: 5 }

  /** The record of a validator that signed and was killed; `older` is its data/ from before its last start. */
  async function killed(): Promise<{ readonly store: MemoryStore; readonly older: MemoryStore }> {
    const store = new MemoryStore()
    await sign(await SigningRecord.open(options(), store), store, { epoch: 0, view: 1 })
    const older = await copyOf(store)
    await sign(await SigningRecord.open(options(), store), store, SIGNED)
    return { store, older }
  }

  it('on the present data/ bars nothing when only the store was written', async () => {
    const { store } = await killed()
    const left = await startAndDie(store, 'store')
    expect((await SigningRecord.open(options(), left)).barredUpTo).toBeUndefined()
  })

  for (const survives of ['store', 'file', 'neither'] as const) {
    it(`on an older data/ still bars what was signed, with ${survives} written`, async () => {
      const { older } = await killed()
      let left = await startAndDie(older, survives)
      left = await startAndDie(left, survives)
      const { barredUpTo } = await SigningRecord.open(options(), left)
      expect(barredUpTo).toBeDefined()
      expect(comparePlaces(barredUpTo!, SIGNED)).toBeGreaterThanOrEqual(0)
    })

    it(`on an empty data/ too, with ${survives} written`, async () => {
      await killed()
      const left = await startAndDie(new MemoryStore(), survives)
      const { barredUpTo } = await SigningRecord.open(options(), left)
      expect(barredUpTo).toBeDefined()
      expect(comparePlaces(barredUpTo!, SIGNED)).toBeGreaterThanOrEqual(0)
    })
  }
})
