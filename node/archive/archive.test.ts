import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { equalBytes, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { type KvStore, MemoryStore } from '../../core/kv.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { ChainStore } from '../storage/chain-store.ts'
import { changesOf } from '../storage/changes.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { ArchiveReader, readRecord } from './archive-reader.ts'
import { openSource } from './byte-source.ts'
import { exportArchive } from './export.ts'
import { archiveName, HEADER_BYTES } from './format.ts'
import { importArchive } from './import.ts'

const BLOCKS = 30

let folder: string
let maker: ChainMaker
let whole: string

const file = (name: string): string => path.join(folder, name)

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-archive-'))
  maker = await ChainMaker.open(new MemoryStore(), { transactionsPerBlock: 2 })
  await maker.run(BLOCKS)
  whole = file('whole.era')
  await exportArchive(maker.genesis, maker.chain, { from: 1, to: BLOCKS, file: whole, withWrites: true })
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof QuernError) return error.code
    throw error
  }
  return 'none'
}

async function drain(place: string): Promise<number> {
  const reader = await ArchiveReader.open(place)
  try {
    let blocks = 0
    for await (const _ of reader.blocks()) blocks++
    return blocks
  } finally {
    await reader.close()
  }
}

/** A copy with some bytes changed. */
function changed(name: string, change: (bytes: Buffer) => Buffer): string {
  const copy = file(name)
  fs.writeFileSync(copy, change(fs.readFileSync(whole)))
  return copy
}

/** Where the records of a block begin. */
async function recordsOf(height: number): Promise<Record<string, number>> {
  const source = await openSource(whole)
  const places: Record<string, number> = {}
  let at = 0
  let block = 0
  for (;;) {
    const record = await readRecord(source, at)
    if (record === undefined) break
    if (record.name === 'block') block++
    if (block === height && record.name !== undefined) places[record.name] ??= at
    at += HEADER_BYTES + record.content.length
  }
  await source.close()
  return places
}

describe('an archive', () => {
  it('gives back what the store holds', async () => {
    const reader = await ArchiveReader.open(whole)
    const { chain } = maker
    expect([reader.first, reader.last, toHex(reader.genesisHash)]).toEqual([
      1,
      BLOCKS,
      toHex(chain.blockAt(0)!.block.hash),
    ])
    let height = 0
    for await (const one of reader.blocks()) {
      height++
      const stored = chain.blockAt(height)!
      expect(toHex(one.block.hash)).toBe(toHex(stored.block.hash))
      expect(one.receipts).toEqual(stored.receipts)
      expect(one.notarization).toEqual(chain.notarization(height))
      expect(one.finalization).toEqual(chain.finalization(height))
      expect(one.writes).toEqual(await changesOf(chain, height))
    }
    expect(height).toBe(BLOCKS)
    const part = []
    for await (const { block } of reader.blocks(17, 19)) part.push(block.header.height)
    expect(part).toEqual([17, 18, 19])
    expect(await codeOf(async () => reader.blocks(20, BLOCKS + 1).next())).toBe('ARCHIVE_RANGE')
    await reader.close()
  })

  it('ends at a block that is finalised directly', async () => {
    const indirect = Array.from({ length: BLOCKS }, (_, i) => i + 1).find(
      (h) => maker.chain.finalization(h) === undefined,
    )!
    const { last } = await exportArchive(maker.genesis, maker.chain, {
      from: 1,
      to: indirect,
      file: file('lowered.era'),
    })
    expect(last).toBe(indirect - 1)
    const only = { from: indirect, to: indirect, file: file('none.era') }
    expect(await codeOf(() => exportArchive(maker.genesis, maker.chain, only))).toBe('ARCHIVE_NOT_FINAL')
    expect(await codeOf(() => exportArchive(maker.genesis, maker.chain, { ...only, file: whole }))).toBe(
      'ARCHIVE_EXISTS',
    )
    const beyond = { from: 1, to: BLOCKS + 1, file: file('none.era') }
    expect(await codeOf(() => exportArchive(maker.genesis, maker.chain, beyond))).toBe('ARCHIVE_RANGE')
  })

  it('is the same, byte by byte, when its export was interrupted anywhere', async () => {
    const bytes = fs.readFileSync(whole)
    const again = file('again.era')
    let resumed = 0
    for (const cut of [0, 3, 900, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2) + 7, bytes.length - 3]) {
      // As a power failure leaves it: what was written, and zeros where the length came first.
      fs.writeFileSync(`${again}.part`, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(cut % 5)]))
      const options = { from: 1, to: BLOCKS, file: again, withWrites: true }
      resumed += (await exportArchive(maker.genesis, maker.chain, options)).resumed
      expect(fs.readFileSync(again).equals(bytes)).toBe(true)
      fs.rmSync(again)
    }
    expect(resumed).toBeGreaterThan(BLOCKS)
  })

  it('does not go on with the part of another range', async () => {
    const other = file('other.era')
    await exportArchive(maker.genesis, maker.chain, { from: 5, to: 20, file: `${other}.part` })
    const { resumed } = await exportArchive(maker.genesis, maker.chain, { from: 1, to: 20, file: other })
    expect([resumed, await drain(other)]).toEqual([0, 20])
  })

  it('has a name that says what is in it', () => {
    const [genesis, last] = ['0x0123456789', '0xabcdef0123']
    expect(archiveName(genesis, 1, 2_000, last)).toBe('quern-01234567-0000000001-0000002000-abcdef01.era')
  })
})

describe('what is wrong with a file', () => {
  it('that is no archive', async () => {
    expect(
      await codeOf(() => ArchiveReader.open(changed('x', () => Buffer.from('PK\u0003\u0004 something else')))),
    ).toBe('ARCHIVE_UNKNOWN')
    expect(await codeOf(() => ArchiveReader.open(changed('empty', () => Buffer.alloc(0))))).toBe('ARCHIVE_UNKNOWN')
    expect(await codeOf(() => ArchiveReader.open(file('absent')))).toBe('ARCHIVE_SOURCE')
  })

  it('that is torn, at every eighth of it', async () => {
    for (let part = 1; part < 8; part++) {
      const cut = changed('torn', (bytes) => bytes.subarray(0, Math.floor((bytes.length * part) / 8)))
      expect(await codeOf(() => drain(cut))).toBe('ARCHIVE_TORN')
    }
  })

  it('whose blocks stand in another order', async () => {
    const [a, b, c] = await Promise.all([7, 8, 9].map(async (height) => (await recordsOf(height)).block!))
    const swapped = changed('swapped', (bytes) =>
      Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]),
    )
    expect(await codeOf(() => drain(swapped))).toBe('ARCHIVE_ORDER')
  })

  it('one bit of which is flipped, wherever that is', async () => {
    const { length } = fs.readFileSync(whole)
    const seen = new Map<string, number>()
    for (let i = 0; i < 24; i++) {
      const at = Math.floor(((i + 0.5) * length) / 24)
      const code = await codeOf(() =>
        drain(
          changed('flipped', (bytes) => {
            bytes[at]! ^= 1 << (i % 8)
            return bytes
          }),
        ),
      )
      expect(code, `byte ${at}`).toMatch(/^ARCHIVE_/)
      seen.set(code, (seen.get(code) ?? 0) + 1)
    }
    expect([...seen.keys()]).toContain('ARCHIVE_CORRUPT')
  })

  it('a finalization of which is altered: only the checksum sees it before it is verified', async () => {
    const { certificate } = await recordsOf(20)
    const altered = changed('altered', (bytes) => {
      bytes[certificate! + HEADER_BYTES + 100]! ^= 1
      return bytes
    })
    expect(await codeOf(() => drain(altered))).toBe('ARCHIVE_CHECKSUM')
  })
})

describe('import', () => {
  const fresh = async (store: KvStore): Promise<ChainStore> => ChainStore.open(store, genesisEntry(maker.genesis))

  it('ends in the same store', async () => {
    const reader = await ArchiveReader.open(whole)
    const store = new MemoryStore()
    const chain = await fresh(store)
    const { blocks } = await importArchive(reader, chain, { threads: 0 })
    expect([blocks, toHex(chain.head.hash), toHex(chain.state.root)]).toEqual([
      BLOCKS,
      toHex(maker.chain.head.hash),
      toHex(maker.chain.state.root),
    ])
    let entries = 0
    for await (const [key, value] of maker.chain.kv.entries()) {
      entries++
      const here = store.get(key)
      expect(here !== undefined && equalBytes(here, value), toHex(key)).toBe(true)
    }
    let others = 0
    for await (const _ of store.entries()) others++
    expect(others).toBe(entries)
    // Once more: there is nothing to do.
    expect((await importArchive(reader, chain, { threads: 0 })).blocks).toBe(0)
    await reader.close()
  })

  it('goes on after a crash at any block, and from archives in turn', async () => {
    const first = file('first.era')
    const second = file('second.era')
    const { last } = await exportArchive(maker.genesis, maker.chain, { from: 1, to: 20, file: first })
    await exportArchive(maker.genesis, maker.chain, { from: last + 1, to: BLOCKS, file: second })
    const store = new MemoryStore()
    const stop = new Error('pulled the plug')
    let before = 0
    while (before < last) {
      const chain = await fresh(store)
      before = chain.head.header.height
      const reader = await ArchiveReader.open(first)
      const onBlock = (height: number): void => {
        if (height === before + 7) throw stop
      }
      await importArchive(reader, chain, { threads: 0, onBlock }).catch((error) => expect(error).toBe(stop))
      await reader.close()
    }
    const chain = await fresh(store)
    const reader = await ArchiveReader.open(second)
    const empty = await fresh(new MemoryStore())
    expect(await codeOf(() => importArchive(reader, empty, { threads: 0 }))).toBe('ARCHIVE_RANGE')
    await importArchive(reader, chain, { threads: 0 })
    await reader.close()
    expect(toHex(chain.head.hash)).toBe(toHex(maker.chain.head.hash))
  })

  it('takes nothing that is not final, and nothing of another chain', async () => {
    const fork = await ChainMaker.open(new MemoryStore(), { transactionsPerBlock: 2, seed: 2 })
    await fork.run(25)
    const forked = file('fork.era')
    await exportArchive(fork.genesis, fork.chain, { from: 1, to: 25, file: forked })
    const chain = await fresh(new MemoryStore())
    const reader = await ArchiveReader.open(whole)
    await importArchive(reader, chain, { threads: 0 })
    await reader.close()
    const other = await ArchiveReader.open(forked)
    expect(other.last).toBe(25)
    const shorter = await fresh(new MemoryStore())
    const beginning = file('beginning.era')
    await exportArchive(maker.genesis, maker.chain, { from: 1, to: 10, file: beginning })
    const short = await ArchiveReader.open(beginning)
    await importArchive(short, shorter, { threads: 0 })
    await short.close()
    // Same genesis, so only the blocks tell.
    expect(await codeOf(() => importArchive(other, shorter, { threads: 0 }))).toBe('ARCHIVE_OTHER_CHAIN')
    await other.close()
  })
})

describe('over HTTP', () => {
  const serve = (answersRanges: boolean): Promise<http.Server> =>
    new Promise((resolve) => {
      const server = http.createServer((request, response) => {
        const bytes = fs.readFileSync(whole)
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
        if (!answersRanges || range === null) return response.end(bytes)
        const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)]
        response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` })
        return response.end(bytes.subarray(from, to + 1))
      })
      server.listen(0, '127.0.0.1', () => resolve(server))
    })
  const addressOf = (server: http.Server): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/whole.era`
  const close = (server: http.Server): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })

  it('reads from a server of ranges, and says where one is none', async () => {
    const [good, plain] = await Promise.all([serve(true), serve(false)])
    expect(await drain(addressOf(good))).toBe(BLOCKS)
    expect(await codeOf(() => drain(addressOf(plain)))).toBe('ARCHIVE_SOURCE')
    const gone = addressOf(good)
    await Promise.all([close(good), close(plain)])
    expect(await codeOf(() => drain(gone))).toBe('ARCHIVE_SOURCE')
  })
})
