/**
 * A node syncs a chain from genesis: blocks from four peers, certificates in batches, signatures ahead of execution, into
 * LevelDB with every block on the disk before the next; against the same node with one peer, certificates one by one, and
 * nothing beside the thread that executes. Peers answer after a round trip of 20 ms and cost nothing else.
 *
 *     npx tsx scripts/bench/sync.ts [--blocks 600] [--transfers 100] [--validators 4] [--rounds 3]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { MemoryStore } from '../../core/kv.ts'
import { loadTileKernel } from '../../gpu/wasm/kernel.ts'
import { ChainNode } from '../../node/chain-node.ts'
import { SystemClock } from '../../node/clock.ts'
import { SignaturePool } from '../../node/ingest/signature-pool.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { ProverThread } from '../../node/sync/prover-thread.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import { MADE_PARAMS } from '../../node/testing/chain-plan.ts'
import type { FinalBlock, PeerRequest, ResponseTo, Transport } from '../../p2p/transport.ts'
import { decodeResponse, encodeResponse } from '../../p2p/wire.ts'
import { decodeOptions } from '../../vm/transaction/envelope.ts'
import { median, numberOption, perSecond, printTable, secondsOf, times } from './report.ts'

const ROUND_TRIP_MS = 20
const blocks = numberOption('blocks', 600)
const transfers = numberOption('transfers', 100)
const validators = numberOption('validators', 4)
const rounds = numberOption('rounds', 3)

interface Way {
  readonly name: string
  readonly peers: number
  /** 0: on the thread that executes. */
  readonly signatureThreads: number
  readonly certificates: 'one by one' | 'batches' | 'batches, thread'
}

const SERIAL: Way = { name: 'one peer, serial', peers: 1, signatureThreads: 0, certificates: 'one by one' }
const WAYS: readonly Way[] = [
  SERIAL,
  { name: 'one peer, batches', peers: 1, signatureThreads: 0, certificates: 'batches' },
  { name: 'four peers, 1 signature thread', peers: 4, signatureThreads: 1, certificates: 'batches, thread' },
  { name: 'four peers, 2 signature threads', peers: 4, signatureThreads: 2, certificates: 'batches, thread' },
]

const made = await ChainMaker.open(new MemoryStore(), {
  validators,
  transfersPerBlock: transfers,
  params: { ...MADE_PARAMS, gasLimit: 100_000_000, epochBlocks: 40 },
})
await made.run(blocks)
const { genesis, chain } = made
const served: FinalBlock[] = []
for (let height = 1; height <= blocks; height++) {
  const { block } = chain.blockAt(height)!
  served.push({ block, notarization: chain.notarization(height), finalization: chain.finalization(height) })
}
const bytes = encodeResponse({ type: 'range', blocks: served }).length
const transactions = served.reduce((sum, { block }) => sum + block.transactions.length, 0)

function transportOf(peers: number): Transport {
  const status = { genesisHash: chain.blockAt(0)!.block.hash, height: blocks, hash: chain.head.hash, ...chain.held }
  return {
    start: () => {},
    stop: async () => {},
    blame: (peer, code) => {
      throw new Error(`${peer} is blamed for ${code}`)
    },
    peers: () => Array.from({ length: peers }, (_, i) => `peer-${i}`),
    setValidators: () => {},
    peerOf: () => undefined,
    broadcast: () => {},
    send: () => {},
    request: async <Request extends PeerRequest>(_: string, request: Request): Promise<ResponseTo<Request>> => {
      await new Promise((resolve) => setTimeout(resolve, ROUND_TRIP_MS))
      if (request.type === 'status') return { type: 'status', status } as ResponseTo<Request>
      if (request.type !== 'range') throw new Error('not asked for in a sync')
      const { fromHeight, count } = request
      const answer = encodeResponse({ type: 'range', blocks: served.slice(fromHeight - 1, fromHeight - 1 + count) })
      return decodeResponse(answer) as ResponseTo<Request>
    },
  }
}

async function sync(way: Way): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-sync-'))
  const store = await LevelStore.open(folder)
  const { params } = genesis
  const { chainId } = params
  const workers = way.signatureThreads
  const signatures = new SignaturePool({ chainId, decode: decodeOptions(params), workers })
  const prover = new ProverThread()
  const clock = new SystemClock()
  const node = await ChainNode.open({
    genesis,
    store,
    clock,
    signatures,
    kernel: loadTileKernel(),
    transport: transportOf(way.peers),
    ...(way.certificates === 'batches'
      ? {}
      : { prover: way.certificates === 'one by one' ? async () => 0 : prover.prove }),
    onFailure: (error) => {
      throw error
    },
  })
  const seconds = await secondsOf(async () => {
    const done = new Promise<void>((resolve) => {
      node.subscribe((event) => {
        if (event.type === 'final' && event.block.block.header.height === blocks) resolve()
      })
    })
    node.start()
    await done
  })
  await node.stop()
  await Promise.all([signatures.close(), prover.stop()])
  await store.close()
  fs.rmSync(folder, { recursive: true })
  return seconds
}

const seconds = new Map<Way, number[]>(WAYS.map((way) => [way, []]))
for (let round = 0; round < rounds; round++) for (const way of WAYS) seconds.get(way)!.push(await sync(way))

const serial = median(seconds.get(SERIAL)!)
console.log(
  `${blocks} blocks, ${transactions} transactions, ${(bytes / 1e6).toFixed(1)} MB; ${validators} validators; median of ${rounds}; ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`,
)
printTable(
  ['sync from genesis', 'certificates', 's', 'blocks/s', 'tx/s', 'MB/s', 'to serial'],
  WAYS.map((way) => {
    const took = median(seconds.get(way)!)
    return [
      way.name,
      way.certificates,
      took.toFixed(2),
      perSecond(blocks, took),
      perSecond(transactions, took),
      (bytes / 1e6 / took).toFixed(1),
      times(serial / took),
    ]
  }),
)
