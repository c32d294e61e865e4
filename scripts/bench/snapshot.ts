/**
 * Joining by state: so many accounts, served by one process as four peers and taken in by another on LevelDB, without a
 * network between them. Time, size, and the memory of the one that joins; then the same figures of two smaller states, which
 * say whether the memory is bounded.
 *
 *     npx tsx scripts/bench/snapshot.ts [--accounts 1000000]
 */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { makeBlock } from '../../consensus/block.ts'
import { testGenesis } from '../../consensus/testing/chain.ts'
import type { Block } from '../../consensus/types.ts'
import { bls } from '../../core/bls.ts'
import { compareBytes, fromHex, hexKey, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { KvOperation } from '../../core/kv.ts'
import { joinRanges, positionOf, TreeLoader, type VerifiedRange } from '../../core/smt/index.ts'
import { leafNode } from '../../core/smt/node.ts'
import { buildSubtree } from '../../core/smt/subtree.ts'
import { SystemClock } from '../../node/clock.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { blockOperations, ChainStore, headOperations } from '../../node/storage/chain-store.ts'
import { encodeHeld, KEY, LAYOUT_VERSION, PREFIX } from '../../node/storage/layout.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { readChunk } from '../../node/storage/snapshot-read.ts'
import { SnapshotStore } from '../../node/storage/snapshot-store.ts'
import { loneValue } from '../../node/storage/versioned-values.ts'
import { SnapshotSync } from '../../node/sync/snapshot-sync.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../p2p/wire.ts'
import { PRESETS } from '../../vm/params.ts'
import { accounts } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import { numberOption, printTable } from './report.ts'

const HEIGHT = 40
const PEERS = ['a', 'b', 'c', 'd']
const genesis = testGenesis(1, PRESETS.devnet)

/** The records of one byte's keys at a time, so that making them takes no more memory than serving them. */
async function makeSource(directory: string, count: number): Promise<Block> {
  const store = await LevelStore.open(directory)
  const first = genesisEntry(genesis)
  const loader = new TreeLoader(HEIGHT + 1, PREFIX.tree)
  const keys = Array.from({ length: count }, (_, i) => treeKeyOf(accounts, sha256(u64be(i)).subarray(0, 20)))
  keys.sort(compareBytes)
  const ranges: VerifiedRange[] = []
  let next = 0
  for (let byte = 0; byte < 256; byte++) {
    const operations: KvOperation[] = []
    const leaves = []
    for (; next < keys.length && keys[next]![0] === byte; next++) {
      const key = keys[next]!
      const value = accounts.encode({ nonce: next % 1_000, balance: 10n ** 18n * BigInt(1 + (next % 9_999)) })
      operations.push(loneValue(HEIGHT + 1, key, value))
      leaves.push(leafNode(key, sha256(value)))
    }
    const position = positionOf(Uint8Array.of(byte, ...new Uint8Array(31)), 8)
    const place = (at: Uint8Array, node: Parameters<typeof loader.node>[1]) => operations.push(loader.node(at, node))
    ranges.push({ position, node: buildSubtree(leaves, 0, leaves.length, 8, place) })
    await store.write(operations)
  }
  const operations: KvOperation[] = []
  const root = joinRanges(ranges, (at, node) => operations.push(loader.node(at, node)))
  const { header } = first.block
  const block = makeBlock({ ...first.block, header: { ...header, height: HEIGHT, stateRoot: root.hash } })
  operations.push(loader.finish(), ...blockOperations({ ...first, block }), ...headOperations(block))
  operations.push({ type: 'put', key: KEY.held, value: encodeHeld({ blocksFrom: HEIGHT, statesFrom: HEIGHT }) })
  operations.push({ type: 'put', key: KEY.genesisHash, value: first.block.hash })
  operations.push({ type: 'put', key: KEY.layoutVersion, value: u64be(LAYOUT_VERSION) })
  await store.write(operations, { sync: true })
  await store.close()
  return block
}

async function serve(directory: string): Promise<void> {
  const chain = await ChainStore.open(await LevelStore.open(directory), genesisEntry(genesis))
  process.on('message', ({ id, hex }: { id: number; hex: string }) => {
    const request = decodeRequest(fromHex(hex))
    if (request.type !== 'chunk') throw new Error('only ranges are asked for')
    void readChunk(chain, request.height, request.position).then((chunk) => {
      process.send?.({ id, bytes: encodeResponse({ type: 'chunk', chunk }) })
    })
  })
  process.send?.({ id: -1 })
}

interface Figures {
  readonly seconds: number
  readonly bytes: number
  readonly chunks: number
  readonly peakRssBytes: number
  readonly rssBeforeBytes: number
  readonly storeBytes: number
}

/** In a process of its own, so that its memory is its own. */
async function join(source: string, target: string, block: Block): Promise<Figures> {
  const server = fork(import.meta.filename, ['serve', source], { serialization: 'advanced' })
  const waiting = new Map<number, (bytes: Uint8Array) => void>()
  let sent = 0
  let bytes = 0
  await new Promise<void>((ready) => {
    server.on('message', (message: { id: number; bytes: Uint8Array }) => {
      if (message.id < 0) return ready()
      bytes += message.bytes.length
      waiting.get(message.id)?.(new Uint8Array(message.bytes))
      waiting.delete(message.id)
    })
  })
  const kv = await LevelStore.open(target)
  await SnapshotStore.begin(kv, {
    block,
    transactions: [],
    receipts: [],
    notarization: undefined,
    finalization: undefined,
  })
  let chunks = 0
  let peakRssBytes = 0
  const rssBeforeBytes = process.memoryUsage.rss()
  const watch = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())
  }, 20)
  const startMs = performance.now()
  await new SnapshotSync({
    kv,
    genesisHash: genesisEntry(genesis).block.hash,
    clock: new SystemClock(),
    bls,
    signatures: { recoverBlock: async () => [] },
    trusted: async () => undefined,
    paceMs: 0,
    progressed: (progress) => {
      chunks = progress.chunks
    },
    transport: {
      peers: () => PEERS,
      blame: (peer, code) => {
        throw new QuernError('ASSERTION_FAILED', `${peer} was blamed: ${code}`)
      },
      request: async (_, request) => {
        const id = sent++
        const answer = new Promise<Uint8Array>((resolve) => waiting.set(id, resolve))
        server.send({ id, hex: hexKey(encodeRequest(request)) })
        return decodeResponse(await answer) as never
      },
    },
  }).run()
  const seconds = (performance.now() - startMs) / 1_000
  clearInterval(watch)
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())
  const joined = await ChainStore.open(kv, genesisEntry(genesis))
  if (compareBytes(joined.state.root, block.header.stateRoot) !== 0) throw new Error('another root')
  await kv.close()
  server.kill()
  const storeBytes = fs.readdirSync(target).reduce((sum, name) => sum + fs.statSync(path.join(target, name)).size, 0)
  return { seconds, bytes, chunks, peakRssBytes, rssBeforeBytes, storeBytes }
}

const [role, source, target, header] = process.argv.slice(2)
if (role === 'serve') {
  await serve(source!)
} else if (role === 'join') {
  const first = genesisEntry(genesis).block
  const stateRoot = fromHex(header!)
  const block = makeBlock({ ...first, header: { ...first.header, height: HEIGHT, stateRoot } })
  process.send?.(await join(source!, target!, block))
} else {
  const most = numberOption('accounts', 1_000_000)
  const rows: string[][] = []
  for (const count of [Math.ceil(most / 16), Math.ceil(most / 4), most]) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-bench-snapshot-'))
    const from = path.join(directory, 'source')
    const to = path.join(directory, 'target')
    try {
      const block = await makeSource(from, count)
      const child = fork(import.meta.filename, ['join', from, to, hexKey(block.header.stateRoot)], {
        serialization: 'advanced',
      })
      const { seconds, bytes, chunks, peakRssBytes, rssBeforeBytes, storeBytes } = await new Promise<Figures>(
        (resolve) => child.on('message', resolve),
      )
      const mib = (n: number) => (n / 2 ** 20).toFixed(0)
      rows.push([
        count.toLocaleString('en'),
        seconds.toFixed(1),
        Math.round(count / seconds).toLocaleString('en'),
        mib(bytes),
        (bytes / seconds / 1e6).toFixed(1),
        String(chunks),
        mib(storeBytes),
        mib(rssBeforeBytes),
        mib(peakRssBytes),
      ])
    } finally {
      fs.rmSync(directory, { recursive: true, force: true })
    }
  }
  const head = [
    'accounts',
    'seconds',
    'accounts/s',
    'MiB sent',
    'MB/s',
    'chunks',
    'store MiB',
    'RSS before',
    'peak RSS MiB',
  ]
  printTable(head, rows)
}
