/**
 * From raw envelopes to transactions with a known sender, with the curve arithmetic off the event loop.
 *
 *     recover(raw) ── decode here ──> queue ──batches──> worker threads ──addresses──> Transaction
 *                        │               └─ full: INGEST_OVERLOADED
 *                        └─ refused: its RefusalCode, at once
 *
 * It promises: answers equal `decodeTransaction`'s; every call is answered once, also when a thread dies (its batch runs
 * again, after `MAX_STRIKES` deaths on this thread); what waits is bounded; `close` answers all that was accepted.
 */
import { availableParallelism } from 'node:os'
import type { Address } from '../../core/bytes.ts'
import { type Failure, fail, ok, QuernError, type Result } from '../../core/errors.ts'
import type { RefusalCode } from '../../vm/execution/types.ts'
import { type DecodeOptions, decodeEnvelope, withSender } from '../../vm/transaction/envelope.ts'
import type { Envelope, Transaction } from '../../vm/transaction/types.ts'
import { packRequests, unpackAnswers } from './packed.ts'
import { InlineRecoverer, type Recoverer, WorkerRecoverer } from './recoverer.ts'

export type IngestErrorCode = RefusalCode | 'INGEST_OVERLOADED' | 'INGEST_CLOSED'

export type Recovered = Result<Transaction, IngestErrorCode>

export interface SignaturePoolOptions {
  readonly chainId: number
  readonly decode?: DecodeOptions
  /** Threads; 0 recovers on this thread. Default: all cores but one, at least one. */
  readonly workers?: number
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
}

/** One second of one core (node/ingest is sized for 16,000 recoveries a second): who waits longer sends again anyway. */
const MAX_WAITING = 16_384
/** The raw envelopes behind them: half of what the mempool may hold. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024
/** 8 ms of one core: long against the 0.1 ms a message costs, short against a block interval. */
const MAX_BATCH = 128
/** Deaths in a row after which a thread is given up: it would not start, or the machine has no room for it. */
const MAX_STRIKES = 3

interface Job {
  readonly envelope: Envelope
  readonly resolve: (result: Recovered) => void
  readonly reject: (error: Error) => void
}

interface Slot {
  recoverer: Recoverer
  /** Batches with it now. */
  running: number
  strikes: number
  /** All batches of a thread die of the same error; it counts once. */
  lastDeath: QuernError | undefined
}

const CLOSED = fail('INGEST_CLOSED', 'the node is shutting down: send to another node')
const NO_KEY = fail('TX_SIGNATURE_INVALID', 'no public key fits this signature: sign the transaction again')

export interface SignaturePoolStats {
  /** Accepted and not yet answered. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly answered: number
  readonly crashes: number
}

export class SignaturePool {
  readonly #options: Required<Omit<SignaturePoolOptions, 'workers'>>
  readonly #slots: readonly Slot[]
  /** Of blocks: served before `#ordinary`. */
  readonly #urgent: Job[] = []
  readonly #ordinary: Job[] = []
  #waiting = 0
  #waitingBytes = 0
  #answered = 0
  #crashes = 0
  #isScheduled = false
  #isClosed = false
  #onDrained: (() => void)[] = []

  /** `recoverers`: who does the work, in place of `options.workers` threads. */
  constructor(options: SignaturePoolOptions, recoverers: readonly Recoverer[] = startRecoverers(options.workers)) {
    this.#options = { decode: {}, maxWaiting: MAX_WAITING, maxWaitingBytes: MAX_WAITING_BYTES, ...options }
    this.#slots = recoverers.map((recoverer) => ({ recoverer, running: 0, strikes: 0, lastDeath: undefined }))
  }

  get stats(): SignaturePoolStats {
    return {
      waiting: this.#waiting,
      waitingBytes: this.#waitingBytes,
      answered: this.#answered,
      crashes: this.#crashes,
    }
  }

  /**
   * For transactions from outside. Keeps `raw` where it fills a buffer of its own, which nobody may change then, and a copy
   * otherwise: a transaction owns its bytes and nothing else.
   */
  recover(raw: Uint8Array): Promise<Recovered> {
    const { maxWaiting, maxWaitingBytes } = this.#options
    if (this.#waiting >= maxWaiting || this.#waitingBytes + raw.length > maxWaitingBytes) {
      const message = `${this.#waiting} signatures wait to be checked here: send again in a second`
      return Promise.resolve(fail('INGEST_OVERLOADED', message, { waiting: this.#waiting }))
    }
    return this.#enqueue(ownBytes(raw), this.#ordinary)
  }

  /** For the transactions of a block, in order: never refused for load, since a block is bounded, and served first. */
  recoverBlock(raws: readonly Uint8Array[]): Promise<Recovered[]> {
    return Promise.all(raws.map((raw) => this.#enqueue(raw, this.#urgent)))
  }

  /** Starts a first thread now, so that the first transaction does not wait for it. The others start when they are needed. */
  warmUp(): void {
    this.#slots[0]?.recoverer.warmUp?.()
  }

  /** Refuses what comes from now on, answers what came before, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#waiting > 0) await new Promise<void>((resolve) => this.#onDrained.push(resolve))
    await Promise.all(this.#slots.map((slot) => slot.recoverer.stop()))
  }

  #enqueue(raw: Uint8Array, queue: Job[]): Promise<Recovered> {
    if (this.#isClosed) return Promise.resolve(CLOSED)
    let envelope: Envelope
    try {
      envelope = decodeEnvelope(raw, this.#options.chainId, this.#options.decode)
    } catch (error) {
      return Promise.resolve({ ok: false, error: asFailure(error) })
    }
    this.#waiting++
    this.#waitingBytes += raw.length
    return new Promise((resolve, reject) => {
      queue.push({ envelope, resolve, reject })
      this.#schedule()
    })
  }

  /** After the caller's turn, so that what arrives together travels together. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    for (;;) {
      const queue = this.#urgent.length > 0 ? this.#urgent : this.#ordinary
      const slot = queue.length > 0 ? this.#leastBusy() : undefined
      if (slot === undefined) return
      const idle = this.#slots.filter(({ running }) => running === 0).length
      const share = Math.ceil(queue.length / Math.max(1, idle))
      void this.#serve(slot, queue.splice(0, Math.min(MAX_BATCH, share)), queue)
    }
  }

  #leastBusy(): Slot | undefined {
    let best: Slot | undefined
    for (const slot of this.#slots) {
      if (slot.running >= (slot.recoverer.capacity ?? 1)) continue
      if (best === undefined || slot.running < best.running) best = slot
    }
    return best
  }

  async #serve(slot: Slot, batch: Job[], queue: Job[]): Promise<void> {
    slot.running++
    try {
      const answers = await slot.recoverer.run(packRequests(batch.map((job) => job.envelope)))
      const addresses = unpackAnswers(answers, batch.length)
      slot.strikes = 0
      for (const [index, job] of batch.entries()) this.#settle(job, addresses[index])
    } catch (error) {
      if (!(error instanceof QuernError) || error.code !== 'WORKER_DIED') {
        for (const job of batch) this.#settle(job, error as Error)
      } else {
        queue.unshift(...batch)
        if (slot.lastDeath !== error) this.#countDeath(slot, error)
      }
    }
    slot.running--
    this.#dispatch()
  }

  #countDeath(slot: Slot, death: QuernError): void {
    this.#crashes++
    slot.lastDeath = death
    if (++slot.strikes >= MAX_STRIKES) slot.recoverer = new InlineRecoverer()
  }

  /** With the sender, with nothing where no key fits, or with an error that only a fault of ours explains. */
  #settle({ envelope, resolve, reject }: Job, outcome: Address | Error | undefined): void {
    this.#waiting--
    this.#waitingBytes -= envelope.raw.length
    this.#answered++
    if (outcome instanceof Error) reject(outcome)
    else resolve(outcome === undefined ? NO_KEY : ok(withSender(envelope, outcome)))
    if (this.#waiting === 0) for (const onDrained of this.#onDrained.splice(0)) onDrained()
  }
}

const ownBytes = (raw: Uint8Array): Uint8Array =>
  raw.constructor === Uint8Array && raw.buffer.byteLength === raw.length ? raw : new Uint8Array(raw)

function startRecoverers(workers: number = Math.max(1, availableParallelism() - 1)): Recoverer[] {
  if (workers === 0) return [new InlineRecoverer()]
  return Array.from({ length: workers }, () => new WorkerRecoverer())
}

function asFailure(error: unknown): Failure<RefusalCode> {
  if (!(error instanceof QuernError)) throw error
  const { code, message, meta } = error as QuernError<RefusalCode>
  return { code, message, meta }
}
