/** `quern chain size|verify|prune|repair` on a node's folder, as its operator sees them. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testKey } from '../../../../consensus/testing/chain.ts'
import { writeHome } from '../../../config/home.ts'
import { homePaths } from '../../../config/home-paths.ts'
import { KEY } from '../../../storage/layout.ts'
import { LevelStore } from '../../../storage/level-store.ts'
import { makerOver } from '../../../storage/store-fixture.ts'
import type { Place } from '../../../validator-key/place.ts'
import { lastPlace, SigningRecord } from '../../../validator-key/signing-record.ts'
import { recordOf } from '../../../validator-key/stopped-node.ts'
import { runQuern } from '../../program-fixture.ts'

const BLOCKS = 26
let root: string
let home: string
let copies = 0

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-chain-'))
  home = path.join(root, 'made')
  fs.mkdirSync(home)
  const store = await LevelStore.open(homePaths(home).data)
  const maker = await makerOver(store)
  await writeHome({ home, genesis: maker.genesis, validator: testKey(0) })
  await maker.run(BLOCKS)
  // As after a life as a validator that ended in good order.
  await (await SigningRecord.open(recordOf(homePaths(home)), store)).close()
  await store.close()
})
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

function copyOfHome(): string {
  const copy = path.join(root, `copy-${copies++}`)
  fs.cpSync(home, copy, { recursive: true })
  return copy
}

async function quern(...argv: string[]) {
  const ran = await runQuern(argv)
  return { ...ran, json: () => JSON.parse(ran.out[0]!) as Record<string, unknown> }
}

const place = (folder: string, store?: LevelStore): Promise<Place> => lastPlace(recordOf(homePaths(folder)), store)

describe('quern chain', () => {
  it('size shows every table, largest first, and the average for a block', async () => {
    const { code, out } = await quern('chain', 'size', '--home', home)
    expect(code).toBe(0)
    expect(out[0]).toMatch(new RegExp(`blocks +0 to ${BLOCKS}\n`))
    expect(out[0]).toMatch(/TABLE +KEYS +BYTES +SHARE +PER BLOCK\nstate tree +\d+/)
    const { json } = await quern('chain', 'size', '--home', home, '--json')
    const tables = json().tables as { table: string; keys: number; bytes: number }[]
    expect(tables.find(({ table }) => table === 'blocks')).toMatchObject({ keys: BLOCKS + 1 })
    expect(tables.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(json().bytes)
  })

  it('verify is content with a sound store, named either way, and says what it cannot find', async () => {
    const { data, genesis } = homePaths(home)
    const sound = await quern('chain', 'verify', '--genesis', genesis, '--store', data, '--json')
    expect(sound.code).toBe(0)
    expect(sound.json()).toMatchObject({ faultCount: 0, blocks: BLOCKS + 1, head: BLOCKS })
    expect((await quern('chain', 'verify', '--home', home, '--quick')).code).toBe(0)
    const missing = await quern('chain', 'verify', '--home', path.join(root, 'nowhere'))
    expect(missing).toMatchObject({ code: 1 })
    expect(missing.errors[0]).toContain('CHAIN_MISSING')
    expect(fs.existsSync(path.join(root, 'nowhere'))).toBe(false)
  })

  it('verify names a rotten row and the remedy, exits with 1, and repair heals it', async () => {
    const copy = copyOfHome()
    const store = await LevelStore.open(homePaths(copy).data)
    const senders = KEY.receipts(17)
    const rotten = store.get(senders)!.slice()
    rotten[rotten.length >> 1]! ^= 0x20
    await store.write([{ type: 'put', key: senders, value: rotten }])
    await store.close()
    const { code, out, errors } = await quern('chain', 'verify', '--home', copy)
    expect(code).toBe(1)
    expect(out[0]).toContain('0x120000000000000011  receipts of block 17')
    expect(out[0]).toContain('`quern chain repair` executes the block again')
    expect(errors[0]).toContain('STORE_FAULTY: 1 faults')
    const repaired = await quern('chain', 'repair', '--home', copy, '--json')
    expect(repaired.code).toBe(0)
    expect(repaired.json()).toMatchObject({ done: ['executed block 17 again for its receipts'], faultCount: 0 })
  })

  it('prune keeps what it is told to, and never less than others need', async () => {
    const copy = copyOfHome()
    const pruned = await quern('chain', 'prune', '--home', copy, '--keep-blocks', '0', '--keep-states', '0', '--json')
    expect(pruned.code).toBe(0)
    // Epochs of 8 blocks: three of unbonding, and two of states.
    expect(pruned.json()).toMatchObject({ after: { blocksFrom: BLOCKS - 24, statesFrom: BLOCKS - 16 } })
    expect((await quern('chain', 'verify', '--home', copy)).code).toBe(0)
    expect((await quern('chain', 'prune', '--home', copy, '--keep-blocks', 'x')).code).toBe(2)
    const again = await quern('chain', 'prune', '--home', copy, '--json')
    expect(again.json()).toMatchObject({ after: { blocksFrom: BLOCKS - 24, statesFrom: BLOCKS - 16 } })
  })

  it('export refuses a range that is empty, and what is locked is said to be', async () => {
    const file = path.join(root, 'empty.era')
    const empty = await quern('chain', 'export', file, '--home', home, '--from', '9', '--to', '8')
    expect(empty).toMatchObject({ code: 1, out: [] })
    expect(empty.errors[0]).toContain('ARCHIVE_RANGE')
    const copy = copyOfHome()
    const store = await LevelStore.open(homePaths(copy).data)
    for (const command of ['verify', 'repair', 'prune', 'size']) {
      const { code, errors } = await quern('chain', command, '--home', copy)
      expect(code).toBe(1)
      expect(errors[0]).toContain('STORE_LOCKED')
    }
    await store.close()
  })

  it('repair --to cuts the chain back and lets the validator sign nothing again', async () => {
    const copy = copyOfHome()
    const before = await place(copy)
    expect(before.epoch).toBe(3)
    const { code, json } = await quern('chain', 'repair', '--home', copy, '--to', '20', '--json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({ faultCount: 0, blocksFrom: 0 })
    expect(json().head).toBeGreaterThan(15)
    expect(json().head).toBeLessThan(21)
    const store = await LevelStore.open(homePaths(copy).data)
    const record = await SigningRecord.open(recordOf(homePaths(copy)), store)
    expect(record.barredUpTo).toEqual(before)
    await store.close()
  })

  it('repair rescues a folder that LevelDB does not open any more', async () => {
    const copy = copyOfHome()
    const { data } = homePaths(copy)
    for (const name of fs.readdirSync(data))
      if (name.startsWith('MANIFEST')) fs.writeFileSync(path.join(data, name), 'gone')
    const verified = await quern('chain', 'verify', '--home', copy)
    expect(verified).toMatchObject({ code: 1 })
    expect(verified.errors[0]).toContain('STORE_OPEN_FAILED')
    const signed = await place(home)
    const repaired = await quern('chain', 'repair', '--home', copy, '--json')
    expect(repaired.json()).toMatchObject({ faultCount: 0, head: BLOCKS })
    // What was lost with a broken file may have been votes.
    const store = await LevelStore.open(data)
    expect((await SigningRecord.open(recordOf(homePaths(copy)), store)).barredUpTo).toEqual(signed)
    await store.close()
  })
})
