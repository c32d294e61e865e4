/** How fast blocks come in while a node is behind, when it will be there, and the line that says so. */
import { progressBar, timeLeft } from '../progress-bar.ts'

/** Heights, and figures of the time since the last one. */
export interface SyncPace {
  readonly height: number
  /** Of the peers. */
  readonly of: number
  readonly blocksPerSecond: number
  readonly transactionsPerSecond: number
  /** Of transactions. */
  readonly bytesPerSecond: number
  readonly peers: number
  /** By the pace since the beginning; null while there is none. */
  readonly secondsLeft: number | null
}

interface Counts {
  readonly atMs: number
  readonly blocks: number
  readonly transactions: number
  readonly bytes: number
}

export class SyncMeter {
  readonly #nowMs: () => number
  readonly #first: Counts
  #last: Counts
  #now: Counts

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#now = { atMs: nowMs(), blocks: 0, transactions: 0, bytes: 0 }
    this.#first = this.#now
    this.#last = this.#now
  }

  /** One block came in. */
  count(envelopes: readonly Uint8Array[]): void {
    const { blocks, transactions, bytes } = this.#now
    this.#now = {
      atMs: this.#nowMs(),
      blocks: blocks + 1,
      transactions: transactions + envelopes.length,
      bytes: envelopes.reduce((sum, raw) => sum + raw.length, bytes),
    }
  }

  pace(height: number, of: number, peers: number): SyncPace {
    const now = { ...this.#now, atMs: this.#nowMs() }
    const per = (a: Counts, b: Counts) => 1_000 / Math.max(1, b.atMs - a.atMs)
    const recent = per(this.#last, now)
    const average = now.blocks * per(this.#first, now)
    const pace: SyncPace = {
      height,
      of,
      blocksPerSecond: (now.blocks - this.#last.blocks) * recent,
      transactionsPerSecond: (now.transactions - this.#last.transactions) * recent,
      bytesPerSecond: (now.bytes - this.#last.bytes) * recent,
      peers,
      secondsLeft: average === 0 ? null : Math.max(0, of - height) / average,
    }
    this.#last = now
    return pace
  }
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function describePace(pace: SyncPace): string {
  const { height, of, blocksPerSecond, transactionsPerSecond, bytesPerSecond, peers, secondsLeft } = pace
  const part = of === 0 ? 1 : Math.min(1, height / of)
  const parts = [
    `block ${grouped.format(height)} of ${grouped.format(of)} ${progressBar(part)} ${Math.floor(100 * part)} %`,
    `${grouped.format(blocksPerSecond)} blocks/s`,
    `${grouped.format(transactionsPerSecond)} tx/s`,
    `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
    `${peers} peer${peers === 1 ? '' : 's'}`,
  ]
  if (secondsLeft !== null) parts.push(timeLeft(secondsLeft))
  return parts.join(', ')
}
