/**
 * The worker: it plays the tile lottery on recent blocks and sends in what it wins. PROTOCOL 6.2.
 *
 * Two loops share one view of the chain. The follower asks for work every POLL_MS, moves the search to a newer block
 * once a quarter of the seed window has passed, and asks what became of earlier results. The searcher plays attempt
 * after attempt and submits each winning tile. Attempts count upwards for as long as the worker lives, whatever the
 * block, so no (h, n, a, t) comes twice. Results of a final block only are searched for: they cannot be abandoned.
 *
 *     getWork -> seed -> attempt, attempt, ... -> SUBMIT_RESULT -> accepted | rejected | late
 */
import type { Address } from '../core/bytes.ts'
import { messageOf, QuernError } from '../core/errors.ts'
import { privateKeyToAddress } from '../core/secp256k1.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { targetOf } from '../vm/compute/ticket.ts'
import type { LotteryBackend, LotteryJob, TileWin } from './backend.ts'
import { backoffMs, orAborted, pause } from './backoff.ts'
import type { ChainClient, Work } from './chain-client.ts'
import { estimateSizes } from './matrix-size.ts'
import { Submitter } from './submission.ts'
import type { Found, WorkerEvent, WorkerStats } from './worker-events.ts'

/** The shortest block interval in the presets. */
const POLL_MS = 500
const ATTEMPT_SPACE = 2 ** 32
/** Seeds are changed after this part of their window, so a result found on the last attempt still has most of it left. */
const RESEED_FRACTION = 4
/** Final blocks lag behind the tip, and a result needs a block or two to be included: work this near to its end is over. */
const EXPIRY_MARGIN_BLOCKS = 4

export interface WorkerOptions {
  readonly client: ChainClient
  readonly backend: LotteryBackend
  /** secp256k1 key of the account that is paid and that pays the fees. */
  readonly privateKey: Uint8Array
  /** Default: the size on which this machine is fastest. */
  readonly matrixSize?: number
  /** First attempt number, a u32. Default: random, so that a restarted worker does not find its old tiles again. */
  readonly firstAttempt?: number
  /** Part of the time to compute, above 0 and at most 1; the rest is left to others on this machine. Default 1. */
  readonly dutyCycle?: number
  readonly pollMs?: number
  /** Must not throw. */
  readonly onEvent?: (event: WorkerEvent) => void
}

export interface RunningWorker {
  readonly address: Address
  stats(): WorkerStats
  /** Resolves once nothing of the worker runs any more. The backend stays open. */
  stop(): Promise<void>
  /** Resolves after `stop`; rejects when the worker cannot go on: `WORKER_MATRIX_SIZE`, `LOTTERY_BACKEND_FAILED`. */
  readonly done: Promise<void>
}

/** Work in progress; `controller` ends the attempt when its block has become too old to be of use. */
interface Search {
  readonly work: Work
  readonly job: LotteryJob
  readonly controller: AbortController
}

const isStale = (work: Work, newest: Work): boolean => {
  const window = work.expiresHeight - work.height
  // A height below ours means another chain: a devnet was reset or reverted.
  return newest.height < work.height || newest.height - work.height >= Math.max(1, Math.floor(window / RESEED_FRACTION))
}

const isOver = (work: Work, newest: Work): boolean =>
  newest.height < work.height || newest.height + EXPIRY_MARGIN_BLOCKS >= work.expiresHeight

class WorkerLoop implements RunningWorker {
  readonly address: Address
  readonly done: Promise<void>
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #stats = { attempts: 0, macs: 0, submitted: 0, accepted: 0, rejected: 0, late: 0 }
  #search: Search | undefined
  /** The search whose attempt runs now: `#search`, or the one before it. */
  #playing: Search | undefined
  #nextAttempt: number

  constructor(options: WorkerOptions) {
    this.#options = options
    this.address = privateKeyToAddress(options.privateKey)
    this.#nextAttempt = options.firstAttempt ?? Math.floor(Math.random() * ATTEMPT_SPACE)
    this.done = this.#run()
    // The owner may only look at `done` later; a failure is not lost, it is still there then.
    this.done.catch(() => undefined)
  }

  stats(): WorkerStats {
    return { ...this.#stats }
  }

  async stop(): Promise<void> {
    this.#halt(new QuernError('WORKER_STOPPED', 'the worker has been stopped'))
    await this.done.catch(() => undefined)
  }

  #halt(reason: unknown): void {
    this.#stop.abort(reason)
    this.#playing?.controller.abort(reason)
  }

  #emit = (event: WorkerEvent): void => {
    if (event.type === 'submitted' || event.type === 'accepted' || event.type === 'rejected' || event.type === 'late') {
      this.#stats[event.type]++
    }
    this.#options.onEvent?.(event)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const loops: Promise<never>[] = []
    try {
      const { client, privateKey } = this.#options
      const chainId = await this.#untilAnswered(() => client.chainId(signal))
      const work = await this.#untilAnswered(() => client.getWork(signal))
      const matrixSize = await this.#chooseSize(work)
      this.#emit({ type: 'started', address: this.address, matrixSize })
      const { address } = this
      const submitter = new Submitter({ client, chainId, address, privateKey, signal, emit: this.#emit })
      // Measuring has taken a while: the first work is asked for again.
      this.#seed(await this.#untilAnswered(() => client.getWork(signal)), matrixSize)
      loops.push(this.#follow(submitter, matrixSize), this.#play(submitter))
      await Promise.all(loops)
    } catch (error) {
      const wasStopped = signal.aborted
      // Whichever loop failed, the other one ends too before this one is done.
      this.#halt(error)
      await Promise.allSettled(loops)
      if (!wasStopped) throw error
    }
  }

  /** Asks until there is an answer. @throws the stop signal's reason */
  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    const { signal } = this.#stop
    for (let failures = 1; ; failures++) {
      try {
        return await orAborted(ask(), signal)
      } catch (error) {
        signal.throwIfAborted()
        const retryMs = backoffMs(failures)
        const tag = error instanceof QuernError ? error.code : 'UNKNOWN'
        this.#emit({ type: 'trouble', tag, message: messageOf(error), retryMs })
        await pause(retryMs, signal)
      }
    }
  }

  async #chooseSize(work: Work): Promise<number> {
    const { matrixSize, backend } = this.#options
    if (matrixSize === undefined) {
      const [fastest] = await estimateSizes(backend, work.matrixSizes, this.#stop.signal)
      if (fastest !== undefined) return fastest.n
    } else if (work.matrixSizes.includes(matrixSize)) {
      return matrixSize
    }
    const listed = work.matrixSizes.join(', ')
    throw new QuernError('WORKER_MATRIX_SIZE', `this chain's matrix sizes are ${listed}: choose one of them`)
  }

  #seed(work: Work, matrixSize: number): void {
    const job: LotteryJob = {
      seed: computeSeed(work.blockHash, this.address),
      n: matrixSize,
      target: targetOf(matrixSize, work.difficultyMacs),
    }
    this.#search = { work, job, controller: new AbortController() }
    this.#emit({ type: 'seeded', seedHeight: work.height, difficultyMacs: work.difficultyMacs })
  }

  async #follow(submitter: Submitter, matrixSize: number): Promise<never> {
    const { client, pollMs = POLL_MS } = this.#options
    const { signal } = this.#stop
    for (;;) {
      await pause(pollMs, signal)
      const newest = await this.#untilAnswered(() => client.getWork(signal))
      if (this.#search === undefined || isStale(this.#search.work, newest)) this.#seed(newest, matrixSize)
      // A long attempt may be older than the search that follows it.
      const playing = this.#playing
      if (playing !== undefined && isOver(playing.work, newest)) playing.controller.abort()
      await this.#untilAnswered(() => submitter.poll(newest.height))
    }
  }

  async #play(submitter: Submitter): Promise<never> {
    for (;;) {
      this.#stop.signal.throwIfAborted()
      const search = this.#search
      if (search === undefined) throw new QuernError('ASSERTION_FAILED', 'the search has no seed')
      const startMs = performance.now()
      await this.#playAttempt(search, submitter)
      const { dutyCycle = 1 } = this.#options
      if (dutyCycle < 1) await pause(((performance.now() - startMs) * (1 - dutyCycle)) / dutyCycle, this.#stop.signal)
    }
  }

  async #playAttempt(search: Search, submitter: Submitter): Promise<void> {
    const { work, job, controller } = search
    const attempt = this.#nextAttempt
    this.#nextAttempt = (attempt + 1) % ATTEMPT_SPACE
    this.#playing = search
    let wins: readonly TileWin[]
    try {
      wins = await this.#options.backend.attempt(job, attempt, controller.signal)
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      if (controller.signal.aborted) return
      throw error
    }
    this.#stats.attempts++
    this.#stats.macs += job.n ** 3
    for (const { tile, ticket } of wins) {
      const found: Found = { seedHeight: work.height, matrixSize: job.n, attempt, tile }
      // The block may have become too old while earlier winners were sent.
      if (controller.signal.aborted) this.#emit({ type: 'late', found })
      else await submitter.submit(work, found, ticket)
    }
  }
}

/** @throws QuernError `KEY_INVALID` */
export const startWorker = (options: WorkerOptions): RunningWorker => new WorkerLoop(options)
