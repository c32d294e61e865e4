/**
 * The power goes while bytes are on their way to the disk: for every write of a validator's life, journal and commits, the log
 * of its LevelDB store is cut at each byte of it, or at many. Whatever is left opens, is what a whole number of writes made,
 * holds every promise that had left by then, and leads to no second, different signature for one (epoch, view, kind).
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import { concatBytes, toHex, u32be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { KvReader } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { Journal } from '../../node/storage/journal.ts'
import { PREFIX } from '../../node/storage/layout.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { Cluster } from '../../node/testing/cluster.ts'
import { type Disk, putDisk, RecordedStore, type RecordedWrite } from './recorded-store.ts'
import { type Statement, StatementBook, statementKey, statementOf } from './statements.ts'
import { tapped } from './tapped-transport.ts'
import { tempt } from './tempter.ts'

/** Some blocks of each epoch, with the edges between them, and views that fail while one validator is away. */
const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 40, epochBlocks: 4 }
const VALIDATORS = 4
const ME = 3
const ID = `node-${ME}`
const BLOCKS = 9

/** The first batch of each kind is cut at every byte, when it is this small; all others at some bytes. */
const SMALL_BYTES = 600
/** Copies of the store looked at together: most of the time goes by waiting for the disk. */
const TOGETHER = 8
/** LevelDB writes its log in blocks of 32 KiB, each record's fragment behind a header of 7 bytes. */
const LOG_BLOCK_BYTES = 32 << 10
const LOG_HEADER_BYTES = 7

interface Recording {
  readonly cluster: Cluster
  readonly disk: Disk
  readonly writes: readonly RecordedWrite[]
  /** What left the node, with the number of writes that were done by then. */
  readonly said: readonly { readonly statement: Statement; readonly after: number }[]
  /** Digest of all that a store holds after the first n writes, for n = 0, 1, ... */
  readonly digests: readonly string[]
}

const scheme = standInScheme()
let recording: Recording
let directory: string
let copies = 0

const digestOf = (entries: Iterable<readonly [Uint8Array, Uint8Array]>): string => {
  const parts: Uint8Array[] = []
  for (const [key, value] of entries) parts.push(u32be(key.length), key, u32be(value.length), value)
  return toHex(sha256(concatBytes(...parts)))
}

/** Contents after 0, 1, ... writes, as the batches say. */
function digestsOf(writes: readonly RecordedWrite[]): string[] {
  const content = new Map<string, readonly [Uint8Array, Uint8Array]>()
  const digest = () => digestOf([...content].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry))
  const digests = [digest()]
  for (const { operations } of writes) {
    for (const operation of operations) {
      if (operation.type === 'put') content.set(toHex(operation.key), [operation.key, operation.value])
      else content.delete(toHex(operation.key))
    }
    digests.push(digest())
  }
  return digests
}

async function contentOf(store: KvReader): Promise<string> {
  const entries: (readonly [Uint8Array, Uint8Array])[] = []
  for await (const entry of store.entries()) entries.push(entry)
  return digestOf(entries)
}

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-torn-'))
  const cluster = new Cluster(VALIDATORS, PARAMS, scheme)
  const store = await RecordedStore.open(path.join(directory, 'recorded'))
  cluster.stores[ME] = store
  const said: { statement: Statement; after: number }[] = []
  const transport = tapped(cluster.hub.connect(ID), (message) => {
    const statement = message.type === 'consensus' ? statementOf(ID, message.message) : undefined
    if (statement !== undefined) said.push({ statement, after: store.writes.length })
    return [message]
  })
  await Promise.all([0, 1, 2].map((i) => cluster.start(i)))
  const node = await cluster.start(ME, { transport })
  await cluster.until(node, 3)
  await cluster.stop(0)
  await cluster.until(node, () => said.some(({ statement }) => statement.kind === 'nullify'))
  await cluster.start(0)
  await cluster.until(node, BLOCKS)
  await cluster.stopAll()
  const disk = store.disk()
  await store.close()
  recording = { cluster, disk, writes: [...store.writes], said, digests: digestsOf(store.writes) }
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

/** Opens the store whose log holds these bytes, looks at it, and closes it. */
async function withLog<T>(bytes: Uint8Array, look: (store: LevelStore) => Promise<T>): Promise<T> {
  const folder = path.join(directory, `cut-${copies++}`)
  putDisk(folder, recording.disk, bytes)
  const store = await LevelStore.open(folder)
  try {
    return await look(store)
  } finally {
    await store.close()
    fs.rmSync(folder, { recursive: true })
  }
}

/** Runs all of it, some at a time. */
async function together<T>(all: Iterable<T>, run: (one: T) => Promise<void>): Promise<void> {
  const rest = all[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await run(next.value)
  }
  await Promise.all(Array.from({ length: TOGETHER }, worker))
}

const cutAt = (byte: number): Uint8Array => recording.disk.bytes.subarray(0, byte)

/** What kind of batch it is: a commit, or the types of its journal records. */
const kindOf = ({ operations }: RecordedWrite): string =>
  operations.every(({ key }) => key[0] === PREFIX.record[0])
    ? operations.map((operation) => (operation.type === 'put' ? RECORDS[operation.value[0]!] : 'delete')).join()
    : 'commit'

/** By the tag that a record begins with. */
const RECORDS: Readonly<Record<number, string>> = { 1: 'proposal', 2: 'vote', 3: 'certificate', 4: 'block' }

/** Bytes at which a write is cut: both ends, the borders of LevelDB's own records and blocks, and some between. */
function sampledCuts({ from, to }: RecordedWrite): number[] {
  const cuts = new Set([
    from,
    from + 1,
    from + LOG_HEADER_BYTES - 1,
    from + LOG_HEADER_BYTES,
    from + LOG_HEADER_BYTES + 1,
  ])
  for (const part of [0.25, 0.5, 0.75]) cuts.add(from + Math.floor((to - from) * part))
  for (let border = Math.ceil(from / LOG_BLOCK_BYTES) * LOG_BLOCK_BYTES; border < to; border += LOG_BLOCK_BYTES) {
    for (const near of [-1, 0, LOG_HEADER_BYTES]) cuts.add(border + near)
  }
  for (const end of [to - 2, to - 1]) cuts.add(end)
  return [...cuts].filter((cut) => cut >= from && cut < to)
}

interface Cut {
  /** Number of the write, from 0. */
  readonly k: number
  readonly write: RecordedWrite
  readonly byte: number
}

/** All bytes at which the writes are cut, `to` included, where one is whole. */
function* plannedCuts(): Generator<Cut> {
  const seen = new Set<string>()
  for (const [k, write] of recording.writes.entries()) {
    const { from, to } = write
    const isFirst = !seen.has(kindOf(write))
    seen.add(kindOf(write))
    const isWhole = isFirst && to - from <= SMALL_BYTES
    const bytes = isWhole ? Array.from({ length: to - from }, (_, i) => from + i) : sampledCuts(write)
    for (const byte of [...bytes, to]) yield { k, write, byte }
  }
}

const nameOf = ({ k, write, byte }: Cut): string =>
  `write ${k} (${kindOf(write)}), ${byte - write.from} of ${write.to - write.from} bytes`

describe('a store cut at any byte of any write', () => {
  it('was made by a run with every kind of batch, over several of LevelDB’s blocks', () => {
    const kinds = [...new Set(recording.writes.map(kindOf))].join(' ')
    for (const kind of ['commit', 'vote', 'certificate', 'proposal', 'block']) expect(kinds).toContain(kind)
    expect(recording.disk.bytes.length).toBe(recording.writes.at(-1)!.to)
    expect(recording.disk.bytes.length).toBeGreaterThan(3 * LOG_BLOCK_BYTES)
    expect(new Set(recording.digests).size).toBe(recording.writes.length + 1)
  })

  it('holds what the writes before made, whole, and nothing of the one that was cut', async () => {
    let cuts = 0
    await together(plannedCuts(), async (cut) => {
      const content = await withLog(cutAt(cut.byte), contentOf)
      const whole = cut.byte === cut.write.to ? cut.k + 1 : cut.k
      expect(content, nameOf(cut)).toBe(recording.digests[whole])
      cuts++
    })
    expect(cuts).toBeGreaterThan(1_000)
  }, 180_000)

  it('lets nobody be contradicted: every promise that had left is on it, and no other is ever signed', async () => {
    const { genesis } = recording.cluster
    const first = genesisEntry(genesis)
    let promises = 0
    // A byte before its end a write leaves what all before it made: every step of the run, once.
    const ends = recording.writes.map((write, k): Cut => ({ k, write, byte: write.to - 1 }))
    await together(ends, async (cut) => {
      // The first write begins the store: without it there is nothing, and nothing was said.
      if (cut.k === 0) return
      const left = recording.said.filter(({ after }) => after <= cut.k).map(({ statement }) => statement)
      const said = await withLog(cutAt(cut.byte), async (kv) => {
        const store = await ChainStore.open(kv, first)
        const { records } = await Journal.open(kv)
        const promised = new Set(records.flatMap((record) => statementOf(ID, record) ?? []).map(statementKey))
        const { epoch, view } = store.head.header
        const open = left.filter((one) => one.epoch > epoch || (one.epoch === epoch && one.view > view))
        for (const one of open) expect([...promised], nameOf(cut)).toContain(statementKey(one))
        promises += open.length
        return tempt({
          params: PARAMS,
          genesisHash: first.block.hash,
          scheme,
          me: ME,
          validators: VALIDATORS,
          store,
          records,
          random: randomStream(cut.byte, 'faults'),
        })
      })
      const book = new StatementBook()
      for (const statement of left) book.add(statement)
      for (const statement of said.flatMap((message) => statementOf(ID, message) ?? [])) book.add(statement)
      expect(book.violations, nameOf(cut)).toEqual([])
      expect(book.size, nameOf(cut)).toBeGreaterThan(0)
    })
    expect(promises).toBeGreaterThan(recording.writes.length)
  }, 120_000)

  it('with a flipped bit in its last write is refused or has lost that write, and nothing is misread', async () => {
    const random = randomStream(20_262, 'faults').below
    const flips = recording.writes.flatMap((write, k) => {
      const length = write.to - write.from
      const places = [0, 4, 6, length - 1, random(length)]
      return places.map((place): Cut => ({ k, write, byte: write.from + place }))
    })
    await together(flips, async (flip) => {
      const bytes = Uint8Array.from(cutAt(flip.write.to))
      bytes[flip.byte]! ^= 1 << random(8)
      const content = await withLog(bytes, contentOf).catch(refusalOf)
      expect([recording.digests[flip.k], 'STORE_OPEN_FAILED'], nameOf(flip)).toContain(content)
    })
  })
})

const refusalOf = (error: unknown): string => {
  if (error instanceof QuernError) return error.code
  throw error
}
