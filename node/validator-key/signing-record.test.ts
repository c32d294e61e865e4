import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { encodeBlock, makeBlock } from '../../consensus/block.ts'
import { SAMPLE_BLOCK } from '../../consensus/testing/arbitraries.ts'
import { concatBytes, toHex, u64be, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { MemoryStore } from '../../core/kv.ts'
import { Journal } from '../storage/journal.ts'
import { KEY } from '../storage/layout.ts'
import { copyOf, sign } from './fixture.ts'
import { BEFORE_ALL, comparePlaces, type Place } from './place.ts'
import { barUpTo, lastPlace, RESERVED_VIEWS, SigningRecord, type SigningRecordOptions } from './signing-record.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-record-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const file = () => path.join(folder, 'signing.json')
beforeEach(() => fs.rmSync(file(), { force: true }))

const GENESIS = sha256(utf8('genesis'))
const KEY_BYTES = new Uint8Array(48).fill(7)
const options = (): SigningRecordOptions => ({ file: file(), genesisHash: GENESIS, blsPublicKey: KEY_BYTES })
const onDisk = () => JSON.parse(fs.readFileSync(file(), 'utf8')) as Record<string, unknown> & Place
const place = (epoch: number, view: number): Place => ({ epoch, view })

/** A final block of this height in the store. */
async function finalise(store: MemoryStore, height: number, { epoch, view }: Place): Promise<void> {
  const { header, transactions, parentCertificate } = SAMPLE_BLOCK
  const block = makeBlock({ header: { ...header, height, epoch, view }, transactions, parentCertificate })
  await store.write([
    { type: 'put', key: KEY.head, value: concatBytes(u64be(height), block.hash) },
    { type: 'put', key: KEY.block(height), value: encodeBlock(block) },
    ...(await Journal.open(store)).forget(epoch, view),
  ])
}

describe('the signing record', () => {
  it('is on the disk, ahead of what is signed, in steps', async () => {
    const store = new MemoryStore()
    const record = await SigningRecord.open(options(), store)
    expect(record.barredUpTo).toBeUndefined()
    expect(onDisk()).toMatchObject({
      ...BEFORE_ALL,
      version: 1,
      genesisHash: toHex(GENESIS),
      publicKey: toHex(KEY_BYTES),
    })
    expect(fs.statSync(file()).mode & 0o077).toBe(0)

    await record.reserve(0, 0)
    expect(onDisk()).toMatchObject(place(0, RESERVED_VIEWS))
    const written = fs.statSync(file()).ino
    await record.reserve(0, 3)
    await record.reserve(0, RESERVED_VIEWS)
    expect(fs.statSync(file()).ino).toBe(written)
    await record.reserve(0, RESERVED_VIEWS + 1)
    expect(onDisk()).toMatchObject(place(0, 2 * RESERVED_VIEWS + 1))
    await record.reserve(1, 0)
    expect(onDisk()).toMatchObject(place(1, RESERVED_VIEWS))
  })

  it('makes those who reserve at once wait for the disk, each', async () => {
    const record = await SigningRecord.open(options(), new MemoryStore())
    const covered = (at: Place) => comparePlaces(onDisk(), at) >= 0
    const places = [place(0, 1), place(0, 70), place(0, 2), place(2, 0)]
    const seen = await Promise.all(places.map((at) => record.reserve(at.epoch, at.view).then(() => covered(at))))
    expect(seen).toEqual([true, true, true, true])
  })

  it('leaves the decision to the journal after a crash and after a stop in good order', async () => {
    const store = new MemoryStore()
    await sign(await SigningRecord.open(options(), store), store, place(0, 4))
    const crashed = await SigningRecord.open(options(), store)
    expect(crashed.barredUpTo).toBeUndefined()
    expect(onDisk()).toMatchObject(place(0, 4 + RESERVED_VIEWS))
    await sign(crashed, store, place(0, 5))
    await crashed.close()
    expect(onDisk()).toMatchObject({ ...place(0, 5), isExact: true })
    expect((await SigningRecord.open(options(), store)).barredUpTo).toBeUndefined()
  })

  it('bars up to its bound when data/ is gone, over restarts, until data/ went past it', async () => {
    const store = new MemoryStore()
    await sign(await SigningRecord.open(options(), store), store, place(2, 4))
    const fresh = new MemoryStore()
    const bound = place(2, 4 + RESERVED_VIEWS)
    const bereft = await SigningRecord.open(options(), fresh)
    expect(bereft.barredUpTo).toEqual(bound)
    // A crash, and a stop in good order, of a node that is still catching up.
    const again = await SigningRecord.open(options(), fresh)
    expect(again.barredUpTo).toEqual(bound)
    await again.close()
    const later = await SigningRecord.open(options(), fresh)
    expect(later.barredUpTo).toEqual(bound)
    await sign(later, fresh, place(3, 0))
    await later.close()
    expect(onDisk()).toMatchObject(place(3, 0))
  })

  it('bars by the exact place when data/ is lost after a stop in good order', async () => {
    const store = new MemoryStore()
    const record = await SigningRecord.open(options(), store)
    await sign(record, store, place(0, 9))
    await record.close()
    expect((await SigningRecord.open(options(), new MemoryStore())).barredUpTo).toEqual(place(0, 9))
  })

  it('counts the final head, for the journal forgets what that settles', async () => {
    const store = new MemoryStore()
    const record = await SigningRecord.open(options(), store)
    await sign(record, store, place(1, 6))
    await finalise(store, 50, place(1, 7))
    await record.close()
    expect(onDisk()).toMatchObject(place(1, 7))
    expect(await lastPlace(options(), store)).toEqual(place(1, 7))
  })

  it('knows an older data/ by its session, and by the place of the last good stop', async () => {
    const store = new MemoryStore()
    const first = await SigningRecord.open(options(), store)
    await sign(first, store, place(0, 1))
    const duringFirst = await copyOf(store)
    await sign(first, store, place(0, 2))
    await first.close()
    const afterFirst = await copyOf(store)
    expect((await SigningRecord.open(options(), duringFirst)).barredUpTo).toEqual(place(0, 2))
    // That run barred itself, which the store of the first did not see either.
    expect((await SigningRecord.open(options(), afterFirst)).barredUpTo).toEqual(place(0, 2))
  })

  it('stands by data/ when the process dies between the two marks of a new session', async () => {
    const store = new MemoryStore()
    const record = await SigningRecord.open(options(), store)
    await sign(record, store, place(0, 1))
    const before = fs.readFileSync(file())
    await SigningRecord.open(options(), store)
    fs.writeFileSync(file(), before)
    expect((await SigningRecord.open(options(), store)).barredUpTo).toBeUndefined()
  })

  it('goes on failing once a write failed: nothing is signed on an uncertain disk', async () => {
    const record = await SigningRecord.open(options(), new MemoryStore())
    fs.mkdirSync(`${file()}.new`)
    await expect(record.reserve(0, 0)).rejects.toThrow()
    fs.rmdirSync(`${file()}.new`)
    await expect(record.reserve(0, 0)).rejects.toThrow()
  })

  it('refuses another chain, another key and a damaged file', async () => {
    await SigningRecord.open(options(), new MemoryStore())
    const open = (given: Partial<SigningRecordOptions>) =>
      SigningRecord.open({ ...options(), ...given }, new MemoryStore())
    const coded = (code: string) => expect.objectContaining({ code })
    await expect(open({ genesisHash: sha256(utf8('other')) })).rejects.toThrow(coded('SIGNING_RECORD_OTHER_CHAIN'))
    await expect(open({ blsPublicKey: new Uint8Array(48) })).rejects.toThrow(coded('SIGNING_RECORD_OTHER_KEY'))
    const good = onDisk()
    const bad = [
      { version: 2 },
      { view: 1.5 },
      { epoch: -1 },
      { session: 'x' },
      { isExact: 1 },
      { barredUpTo: { epoch: 0 } },
    ]
    for (const change of bad) {
      fs.writeFileSync(file(), JSON.stringify({ ...good, ...change }))
      await expect(open({}), JSON.stringify(change)).rejects.toThrow(coded('SIGNING_RECORD_INVALID'))
    }
    for (const text of ['', '[]', '{"version":1']) {
      fs.writeFileSync(file(), text)
      await expect(open({}), text).rejects.toThrow(coded('SIGNING_RECORD_INVALID'))
    }
  })
})

describe('barring up to a place signed elsewhere', () => {
  it('holds whatever data/ says, and takes the later of the two', async () => {
    const store = new MemoryStore()
    const record = await SigningRecord.open(options(), store)
    await sign(record, store, place(1, 8))
    await record.close()
    expect(await barUpTo(options(), store, place(1, 3))).toEqual(place(1, 8))
    expect((await SigningRecord.open(options(), store)).barredUpTo).toEqual(place(1, 8))
    expect(await barUpTo(options(), store, place(4, 0))).toEqual(place(4, 0))
    expect((await SigningRecord.open(options(), store)).barredUpTo).toEqual(place(4, 0))
  })

  it('needs neither a record nor data/', async () => {
    expect(await lastPlace(options(), undefined)).toEqual(BEFORE_ALL)
    expect(await barUpTo(options(), undefined, place(0, 3))).toEqual(place(0, 3))
    expect((await SigningRecord.open(options(), new MemoryStore())).barredUpTo).toEqual(place(0, 3))
  })
})

describe('whatever happens to data/ between runs', () => {
  type Step = 'sign' | 'epoch' | 'restart' | 'lose' | 'backup' | 'restore' | 'import'
  const steps = fc.array(
    fc.record({
      what: fc.oneof(
        { weight: 6, arbitrary: fc.constant<Step>('sign') },
        { weight: 5, arbitrary: fc.constantFrom<Step>('epoch', 'restart', 'lose', 'backup', 'restore', 'import') },
      ),
      isCrash: fc.boolean(),
    }),
    { maxLength: 25 },
  )

  it('no place is signed twice', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        fs.rmSync(file(), { force: true })
        let store = new MemoryStore()
        let backup = new MemoryStore()
        let record = await SigningRecord.open(options(), store)
        let last = BEFORE_ALL
        /** What an engine would try next: after its journal, and after what it is barred from. */
        const next = async (isNewEpoch: boolean): Promise<Place> => {
          const { records } = await Journal.open(store)
          const own = records.map((entry) =>
            entry.type === 'vote' ? place(entry.vote.epoch, entry.vote.view) : BEFORE_ALL,
          )
          const from = [...own, record.barredUpTo ?? BEFORE_ALL].sort(comparePlaces).at(-1)!
          return isNewEpoch ? place(from.epoch + 1, 0) : place(from.epoch, from.view + 1)
        }
        const reopen = async (): Promise<void> => {
          record = await SigningRecord.open(options(), store)
        }
        for (const { what: step, isCrash } of plan) {
          if (step === 'sign' || step === 'epoch') {
            const at = await next(step === 'epoch')
            expect(comparePlaces(at, last)).toBeGreaterThan(0)
            await sign(record, store, at)
            last = at
            continue
          }
          // Copies are made of a stopped node.
          if (!isCrash || step === 'backup') await record.close()
          if (step === 'lose') store = new MemoryStore()
          if (step === 'backup') backup = await copyOf(store)
          if (step === 'restore') store = await copyOf(backup)
          if (step === 'import') await barUpTo(options(), store, last)
          await reopen()
        }
      }),
      { numRuns: 60 },
    )
  })
})
