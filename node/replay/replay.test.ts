import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlock, encodeBlock } from '../../consensus/block.ts'
import { withHeader } from '../../consensus/testing/chain.ts'
import { equalBytes, toHex, ZERO_HASH } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { decodeRlp, encodeRlp, type RlpItem, rlpBytes, rlpList } from '../../core/rlp.ts'
import { NEVER } from '../../vm/genesis.ts'
import { accounts } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import { ArchiveReader, type ArchiveRecord, readRecord } from '../archive/archive-reader.ts'
import { openSource } from '../archive/byte-source.ts'
import { encodeIndex, encodeRecord, HEADER_BYTES, type RecordName } from '../archive/format.ts'
import { KEY } from '../storage/layout.ts'
import { LevelStore } from '../storage/level-store.ts'
import { currentKey } from '../storage/versioned-values.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { type FoundDivergence, type ReplayOptions, replay } from './replay.ts'
import { openReplaySource } from './source.ts'

const FIXTURE = 'test/fixtures/chain.era'
const recorded = JSON.parse(fs.readFileSync('test/fixtures/chain.json', 'utf8')) as {
  readonly genesis: string
  readonly head: string
  readonly stateRoots: Readonly<Record<string, string>>
}

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-replay-test-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

async function replayed(file: string, options: Partial<ReplayOptions> = {}, from?: number) {
  const archive = await ArchiveReader.open(file)
  const found: FoundDivergence[] = []
  try {
    const source = await openReplaySource({ genesis: archive.genesis, archive }, { from })
    const end = await replay(source, { threads: 1, onDivergence: (one) => found.push(one), ...options })
    return { end, found, source }
  } finally {
    await archive.close()
  }
}

/** The fixture with one record of a block changed, under a right checksum and index: only its content is wrong. */
async function rewritten(
  height: number,
  name: RecordName,
  change: (content: Uint8Array) => Uint8Array,
): Promise<string> {
  const source = await openSource(FIXTURE)
  const parts: Buffer[] = []
  const offsets: number[] = []
  const size = (): number => parts.reduce((sum, { length }) => sum + length, 0)
  let at = 0
  for (;;) {
    const record: ArchiveRecord | undefined = await readRecord(source, at)
    if (record?.name === undefined || record.name === 'checksum') break
    if (record.name === 'block') offsets.push(size())
    const isIt = offsets.length === height && record.name === name
    parts.push(encodeRecord(record.name, isIt ? change(record.content) : record.content))
    at += HEADER_BYTES + record.content.length
  }
  await source.close()
  parts.push(encodeRecord('checksum', createHash('sha256').update(Buffer.concat(parts)).digest()))
  parts.push(encodeRecord('index', encodeIndex(1, offsets, size())))
  const file = path.join(folder, `${height}-${name}.era`)
  fs.writeFileSync(file, Buffer.concat(parts))
  return file
}

const unpacked = (change: (bytes: Uint8Array) => Uint8Array) => (content: Uint8Array) =>
  zlib.deflateRawSync(change(new Uint8Array(zlib.inflateRawSync(content))))

describe('the fixture chain', () => {
  it('replays to the recorded roots', async () => {
    const roots: Record<string, string> = {}
    const kinds = new Set<string>()
    const { end, found, source } = await replayed(FIXTURE, {
      onBlock: ({ applied: { block, transactions, state } }) => {
        for (const { action } of transactions) kinds.add(action.kind)
        if (block.header.height in recorded.stateRoots) roots[block.header.height] = toHex(state.root)
      },
    })
    expect(found).toEqual([])
    expect(toHex(source.genesisHash)).toBe(recorded.genesis)
    expect(toHex(end.last.hash)).toBe(recorded.head)
    expect(roots).toEqual(recorded.stateRoots)
    expect(kinds.size).toBe(12)
    expect(end.certificates).toBeGreaterThan(80)
    expect(end.results).toBeGreaterThan(0)
  })

  it('switches on nothing that came later', async () => {
    const archive = await ArchiveReader.open(FIXTURE)
    expect(archive.genesis.activations).toEqual({ vprogs: NEVER })
    for await (const { block } of archive.blocks()) expect(equalBytes(block.header.seqCommit, ZERO_HASH)).toBe(true)
    await archive.close()
  })

  it('is the same with threads, and with a state that lies on the disk', async () => {
    const { end } = await replayed(FIXTURE, { threads: 2, maxHeld: 50 })
    expect(toHex(end.last.hash)).toBe(recorded.head)
  })
})

describe('a mutated copy', () => {
  it('is caught at the height and key where its state differs, and goes on behind it', async () => {
    // One record of the block, one bit of its last number.
    let key: RlpItem | undefined
    let wrong: Uint8Array | undefined
    const file = await rewritten(
      23,
      'writes',
      unpacked((bytes) => {
        const items = rlpList(decodeRlp(bytes))
        const [treeKey, value] = rlpList(items[3])
        key = treeKey
        wrong = rlpBytes(value).slice()
        wrong[wrong.length - 1]! ^= 1
        return encodeRlp(items.map((item, i) => (i === 3 ? [treeKey!, wrong!] : item)))
      }),
    )
    expect(fs.readFileSync(await rewritten(23, 'block', (content) => content)).equals(fs.readFileSync(FIXTURE))).toBe(
      true,
    )
    const { end, found } = await replayed(file)
    expect(toHex(end.last.hash)).toBe(recorded.head)
    expect((await replayed(file, { untilDivergence: true })).end.last.header.height).toBe(23)
    expect(found.map(({ height, code }) => [height, code])).toEqual([[23, 'RECORDED_STATE']])
    const { difference } = found[0]!
    expect(toHex(difference!.treeKey)).toBe(toHex(rlpBytes(key)))
    expect(toHex(difference!.expected!)).toBe(toHex(wrong!))
    expect(difference!.actual).not.toEqual(wrong)
    expect(found[0]!.name?.table.name).toBeDefined()
  })

  it('is caught where a header names another root', async () => {
    const file = await rewritten(
      17,
      'block',
      unpacked((bytes) => encodeBlock(withHeader(decodeBlock(bytes), { stateRoot: ZERO_HASH }))),
    )
    await expect(replayed(file)).rejects.toMatchObject({ code: 'ARCHIVE_ORDER', meta: { height: 18 } })
  })

  it('is caught where a transaction pays somebody else', async () => {
    const file = await rewritten(
      31,
      'block',
      unpacked((bytes) => {
        const block = decodeBlock(bytes)
        const [first, ...rest] = block.transactions
        const other = first!.slice()
        other[40]! ^= 1
        return encodeBlock({ ...block, transactions: [other, ...rest] })
      }),
    )
    const { end, found } = await replayed(file)
    expect(found.map(({ height, code }) => [height, code])).toEqual([[31, 'BLOCK_TX_ROOT']])
    expect(end.stoppedBy?.height).toBe(31)
  })

  it('is caught where a certificate is not signed by those it names', async () => {
    const flip = (content: Uint8Array): Uint8Array => {
      const bytes = Uint8Array.from(content)
      bytes[bytes.length - 20]! ^= 1
      return bytes
    }
    const { found } = await replayed(await rewritten(40, 'certificate', flip))
    expect(found.map(({ height, code }) => [height, code])).toEqual([[40, 'FINALIZATION_INVALID']])
  })
})

describe('a store', () => {
  it('is replayed from any height whose state is there, and a value that rots is found', async () => {
    // On LevelDB, which seeks past nodes; the store in memory would sort itself for each.
    const store = await LevelStore.open(path.join(folder, 'store'))
    const maker = await ChainMaker.open(store, { transactionsPerBlock: 3 })
    await maker.run(44)
    const { genesis, chain } = maker
    for (const from of [1, 2, 20, 21, 44]) {
      const end = await replay(await openReplaySource({ genesis, chain }, { from }), { threads: 1 })
      expect([end.stoppedBy, toHex(end.last.hash), end.blocks]).toEqual([undefined, toHex(chain.head.hash), 45 - from])
    }
    // A balance that was never paid: of somebody whose account changed in a late block and not since.
    const last = chain.blockAt(44)!
    const address = last.senders[0]!
    const key = currentKey(treeKeyOf(accounts, address))
    const record = store.get(key)!.slice()
    record[record.length - 1]! ^= 1
    await store.write([{ type: 'put', key, value: record }])
    const found: FoundDivergence[] = []
    await replay(await openReplaySource({ genesis, chain }, {}), { threads: 1, onDivergence: (one) => found.push(one) })
    expect(found.map(({ height, code }) => [height, code])).toEqual([[44, 'RECORDED_STATE']])
    const { name } = found[0]!
    expect([name?.table.name, toHex(name?.key as Uint8Array)]).toEqual(['account', toHex(address)])
  })

  it('is not replayed from where it has nothing', async () => {
    const maker = await ChainMaker.open(new MemoryStore())
    await maker.run(3)
    const { genesis, chain } = maker
    for (const range of [{ from: 4 }, { to: 4 }, { from: 3, to: 2 }]) {
      await expect(openReplaySource({ genesis, chain }, range)).rejects.toMatchObject({ code: 'REPLAY_RANGE' })
    }
    const archive = await ArchiveReader.open(FIXTURE)
    await expect(openReplaySource({ genesis, archive }, {})).rejects.toMatchObject({ code: 'ARCHIVE_OTHER_CHAIN' })
    await expect(openReplaySource({ genesis: archive.genesis, archive }, { from: 2 })).rejects.toMatchObject({
      code: 'REPLAY_RANGE',
    })
    await archive.close()
  })

  it('whose block was altered stops the replay there', async () => {
    const store = new MemoryStore()
    const maker = await ChainMaker.open(store, { transactionsPerBlock: 1 })
    await maker.run(12)
    const block = decodeBlock(store.get(KEY.block(9))!)
    await store.write([
      { type: 'put', key: KEY.block(9), value: encodeBlock(withHeader(block, { stateRoot: ZERO_HASH })) },
    ])
    const { genesis, chain } = maker
    const end = await replay(await openReplaySource({ genesis, chain }, {}), { threads: 1 })
    expect([end.stoppedBy?.height, end.last.header.height]).toEqual([9, 8])
  })
})
