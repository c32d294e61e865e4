/**
 * A store replayed in ranges side by side, each from the state that the store holds before it. Worth it with many threads: one
 * thread executes some 170,000 transfers a second, and five or six are needed to check as many signatures.
 *
 * LevelDB lets one opener have a folder, so each thread gets a copy, which is made of links and costs little.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Worker } from 'node:worker_threads'
import { fromUtf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { endThread, spawnThread } from '../../gpu/spawn.ts'
import { canonicalGenesis, type Genesis } from '../../vm/genesis.ts'
import { copyStore } from '../storage/copy-store.ts'
import type { DivergenceValue } from './divergence-value.ts'
import type { ReplayEnd } from './replay-blocks.ts'

export type RangeCounts = Pick<ReplayEnd, 'blocks' | 'transactions' | 'results' | 'certificates'>

export interface RangeThread {
  readonly genesisJson: string
  readonly circuitFile: string | undefined
  readonly directory: string
}

export interface RangeJob {
  readonly from: number
  readonly to: number
  readonly untilDivergence: boolean
}

export type FromRange =
  | { readonly type: 'ready' | 'block' }
  | { readonly type: 'divergence'; readonly value: DivergenceValue }
  | { readonly type: 'done'; readonly counts: RangeCounts }
  | { readonly type: 'failed'; readonly error: Error }

export interface RangesOptions {
  readonly genesis: Genesis
  /** `zk.risc0_circuit` */
  readonly circuitFile?: string | undefined
  /** Of the store; no process has it open. */
  readonly directory: string
  readonly from: number
  readonly to: number
  readonly threads: number
  readonly untilDivergence?: boolean
  readonly onBlock?: () => void
}

export interface RangesEnd extends RangeCounts {
  /** By height. */
  readonly divergences: readonly DivergenceValue[]
}

/** Ranges for each thread, so that they end together although blocks differ. */
const RANGES_PER_THREAD = 4
/** Shorter ones would mostly look for their first state; longer ones hold more of it in memory. */
const RANGE_BLOCKS = [32, 2_000] as const

/** @throws QuernError of the store, where a range cannot begin */
export async function replayRanges(options: RangesOptions): Promise<RangesEnd> {
  const { directory, threads } = options
  const copies = Array.from({ length: threads }, (_, i) => `${path.resolve(directory)}.replay-${process.pid}-${i}`)
  try {
    for (const copy of copies) await copyStore(directory, copy)
    return await runAll(copies, rangesOf(options), options)
  } finally {
    for (const copy of copies) fs.rmSync(copy, { recursive: true, force: true })
  }
}

function rangesOf({ from, to, threads, untilDivergence = false }: RangesOptions): RangeJob[] {
  const wanted = Math.ceil((to - from + 1) / (threads * RANGES_PER_THREAD))
  const step = Math.min(Math.max(wanted, RANGE_BLOCKS[0]), RANGE_BLOCKS[1])
  const ranges: RangeJob[] = []
  for (let first = from; first <= to; first += step) {
    ranges.push({ from: first, to: Math.min(to, first + step - 1), untilDivergence })
  }
  return ranges
}

async function runAll(copies: readonly string[], ranges: RangeJob[], options: RangesOptions): Promise<RangesEnd> {
  const genesisJson = fromUtf8(canonicalGenesis(options.genesis))
  const total = { blocks: 0, transactions: 0, results: 0, certificates: 0 }
  const divergences: DivergenceValue[] = []
  const workers: Worker[] = []
  const drive = (copy: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: RangeThread = { genesisJson, circuitFile: options.circuitFile, directory: copy }
      const worker = spawnThread(import.meta.url, './range.worker', { workerData })
      workers.push(worker)
      const next = (): void => {
        worker.postMessage(ranges.shift() ?? 'end')
      }
      worker.on('message', (message: FromRange) => {
        if (message.type === 'block') options.onBlock?.()
        else if (message.type === 'divergence') divergences.push(message.value)
        else if (message.type === 'failed') reject(message.error)
        else {
          if (message.type === 'done') {
            for (const key of Object.keys(total) as (keyof RangeCounts)[]) total[key] += message.counts[key]
          }
          next()
        }
      })
      worker.on('error', reject)
      worker.on('exit', (code) => {
        if (code === 0) resolve()
        else reject(new QuernError('WORKER_DIED', 'a thread of the replay ended early: use --threads 1'))
      })
    })
  try {
    await Promise.all(copies.map(drive))
  } finally {
    await Promise.all(workers.map((worker) => endThread(worker, 'end')))
  }
  return { ...total, divergences: divergences.toSorted((a, b) => a.height - b.height) }
}
