/**
 * Finality over real processes: how long after a block is dated, and after a transfer is sent, everybody may rely on it,
 * and how many transfers a second become final; four validators in four processes, beside four in one process and one
 * alone, in the same run on the same machine. Needs the build (`npm run build`).
 *
 *     npx tsx scripts/bench/finality.ts [--blocks 100] [--transactions 8000] [--interval 500] [--quern bin/quern.js]
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { cpuSecondsOf, firstMatch } from './nodes.ts'
import { numberOption, perSecond, printTable, textOption, times } from './report.ts'
import { Connection } from './rpc-load.ts'
import { signTransfers, type Transfers } from './transfers.ts'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const ACCOUNTS = 100
const BATCH = 200
const CONNECTIONS = 4
/** A fresh process compiles its code in these; they are not counted. */
const WARM_UP_BLOCKS = 10
/** Between single transfers: no multiple of a block interval, so that they meet blocks at every phase. */
const SINGLE_EVERY_MS = 73
/** Nothing final for so long: something is broken. */
const PATIENCE_MS = 60_000

const blocks = numberOption('blocks', 100)
const transactions = numberOption('transactions', 8_000)
const intervalMs = numberOption('interval', 500)

const CONFIGURATIONS = [
  { name: '4 validators, 4 processes', flags: ['--validators', '4', '--processes'] },
  { name: '4 validators, 1 process', flags: ['--validators', '4'] },
  { name: '1 validator, 1 process', flags: ['--validators', '1'] },
] as const

interface FinalBlock {
  readonly atMs: number
  readonly height: number
  readonly epoch: number
  readonly view: number
  readonly dateMs: number
  readonly transactions: readonly string[]
}

interface BlocksMessage {
  readonly params?: {
    readonly event?: {
      readonly header: {
        readonly height: number
        readonly epoch: number
        readonly view: number
        readonly timestamp_ms: number
      }
      readonly transactions: readonly string[]
    }
  }
}

/** Final blocks as they arrive; times by the clock that dates them too. */
class FinalBlocks {
  readonly seen: FinalBlock[] = []
  readonly #socket: WebSocket
  #changed = (): void => undefined

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      const { event } = (JSON.parse(String(data)) as BlocksMessage).params ?? {}
      if (event === undefined) return
      const { height, epoch, view, timestamp_ms: dateMs } = event.header
      this.seen.push({ atMs: Date.now(), height, epoch, view, dateMs, transactions: event.transactions })
      this.#changed()
    })
  }

  static async open(url: string): Promise<FinalBlocks> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_subscribe', params: ['blocks'] }))
    return new FinalBlocks(socket)
  }

  async until(isMet: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    while (!isMet()) {
      if (performance.now() > deadlineMs) throw new Error(`nothing for ${PATIENCE_MS / 1_000} s`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000)
        this.#changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.#socket.close()
  }
}

interface Measured {
  /** From a block's date to its finality at a node that only follows, ascending. */
  readonly blockMs: readonly number[]
  /** From sending a transfer to the finality of its block, ascending. */
  readonly transferMs: readonly number[]
  readonly perSecond: number
  /** Of all processes together, under load. */
  readonly cpuSeconds: number
  /** Views without a block, all through. */
  readonly nullified: number
}

const ascending = (figures: readonly number[]): number[] => figures.toSorted((a, b) => a - b)
/** @param sorted ascending, not empty */
const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!

async function measure(flags: readonly string[], singles: Transfers, load: Transfers): Promise<Measured> {
  const common = ['--workers', '0', '--accounts', String(ACCOUNTS), '--rpc-port', '0', '--json']
  const args = [
    textOption('quern') ?? path.join(ROOT, 'bin', 'quern.js'),
    'devnet',
    ...flags,
    ...common,
    '--block-interval-ms',
    `${intervalMs}`,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const ready = JSON.parse(await firstMatch(child, /^(\{"event":"ready".*\})$/m, 'quern devnet')) as {
      readonly rpc: string
      readonly ws: string
      readonly nodes: readonly { readonly pid: number }[]
    }
    const pids = [...new Set(ready.nodes.map(({ pid }) => pid))]
    const cpuSeconds = (): number => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
    const final = await FinalBlocks.open(ready.ws)
    await final.until(() => final.seen.length >= WARM_UP_BLOCKS)
    const transferMs = await sendSingles(ready.rpc, final, singles)
    await final.until(() => final.seen.length >= WARM_UP_BLOCKS + blocks)
    // Before the load: its blocks are not what latency is about.
    const blockMs = final.seen.slice(WARM_UP_BLOCKS).map(({ atMs, dateMs }) => atMs - dateMs)
    const fromCpu = cpuSeconds()
    const rate = await sendLoad(ready.rpc, final, load)
    const measured = { blockMs: ascending(blockMs), transferMs: ascending(transferMs), perSecond: rate }
    final.close()
    return { ...measured, cpuSeconds: cpuSeconds() - fromCpu, nullified: nullifiedIn(final.seen) }
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }
}

async function sendSingles(url: string, final: FinalBlocks, { bodies }: Transfers): Promise<number[]> {
  const connection = new Connection(url)
  const sentMs = new Map<string, number>()
  for (const body of bodies) {
    const atMs = Date.now()
    const [answer] = JSON.parse(await connection.post(body)) as { readonly result?: string; readonly error?: unknown }[]
    if (answer?.result === undefined) throw new Error(`refused: ${JSON.stringify(answer?.error)}`)
    sentMs.set(answer.result, atMs)
    await new Promise((resolve) => setTimeout(resolve, SINGLE_EVERY_MS))
  }
  connection.close()
  const found = new Map<string, number>()
  await final.until(() => {
    for (const { atMs, transactions: hashes } of final.seen) {
      for (const hash of hashes) if (sentMs.has(hash) && !found.has(hash)) found.set(hash, atMs - sentMs.get(hash)!)
    }
    return found.size === sentMs.size
  })
  return [...found.values()]
}

/** @returns transfers a second, from the first byte sent to the finality of the last */
async function sendLoad(url: string, final: FinalBlocks, { bodies }: Transfers): Promise<number> {
  const from = final.seen.length
  const senders = Array.from({ length: CONNECTIONS }, () => new Connection(url))
  await Promise.all(senders.map((sender) => sender.call('eth_chainId', [])))
  const fromMs = Date.now()
  let next = 0
  await Promise.all(
    senders.map(async (sender) => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const answer = await sender.post(body)
        if (answer.includes('"error"')) throw new Error(`a batch was refused: ${answer.slice(0, 300)}`)
      }
    }),
  )
  const included = (): number => final.seen.slice(from).reduce((sum, block) => sum + block.transactions.length, 0)
  await final.until(() => included() >= transactions)
  for (const sender of senders) sender.close()
  return (included() * 1_000) / (final.seen.at(-1)!.atMs - fromMs)
}

const nullifiedIn = (seen: readonly FinalBlock[]): number =>
  seen.reduce((sum, { epoch, view }, i) => {
    const above = seen[i - 1]
    if (above === undefined) return sum
    return sum + (epoch === above.epoch ? view - above.view - 1 : view)
  }, 0)

/** One transfer of each account, one at a time, then the load from where they left off. */
const singles = signTransfers({ accounts: ACCOUNTS, perAccount: 1, batch: 1 })
const load = signTransfers({ accounts: ACCOUNTS, perAccount: transactions / ACCOUNTS, batch: BATCH, firstNonce: 1 })
console.log(`block interval ${intervalMs} ms, ${blocks} blocks, ${transactions} transfers of ${ACCOUNTS} accounts`)

const results: Measured[] = []
for (const { flags } of CONFIGURATIONS) results.push(await measure(flags, singles, load))

const both = (sorted: readonly number[]): string => `${quantile(sorted, 0.5)} / ${quantile(sorted, 0.99)}`
printTable(
  ['', 'dated to final ms p50/p99', 'sent to final ms p50/p99', 'final tx/s', 'CPU s', 'nullified views'],
  results.map((measured, i) => [
    CONFIGURATIONS[i]!.name,
    both(measured.blockMs),
    both(measured.transferMs),
    perSecond(measured.perSecond, 1),
    measured.cpuSeconds.toFixed(1),
    String(measured.nullified),
  ]),
)
const [four, ...baselines] = results
for (const [i, baseline] of baselines.entries()) {
  const latency = times(quantile(four!.blockMs, 0.5) / Math.max(1, quantile(baseline.blockMs, 0.5)))
  const rate = times(four!.perSecond / baseline.perSecond)
  console.log(`against ${CONFIGURATIONS[i + 1]!.name}: latency ${latency}, transfers ${rate}`)
}
