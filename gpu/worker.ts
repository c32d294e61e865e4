/**
 * The worker: it plays the tile lottery on recent blocks and sends in what it wins. PROTOCOL 6.2.
 *
 *     getWork -> seed -> attempt, attempt, ... -> outbox -> SUBMIT_RESULT -> accepted | rejected | late
 *
 * The follower talks to the chain: at each new final block it asks for work, moves the search to a newer block once a
 * quarter of the seed window has passed or the chain began anew, and lets the outbox send and look after results.
 * A player for each device plays attempt after attempt and never waits for the chain. Attempts count upwards for as long as
 * the worker lives, whatever the block and the device, so no (h, n, a, t) comes twice. Final blocks only are searched:
 * they cannot be abandoned.
 */
import { type Address, equalBytes } from '../core/bytes.ts'
import { messageOf, QuernError } from '../core/errors.ts'
import { privateKeyToAddress } from '../core/secp256k1.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { targetOf } from '../vm/compute/ticket.ts'
import type { LotteryBackend, LotteryJob, TileWin } from './backend.ts'
import { backoffMs, orAborted, pause } from './backoff.ts'
import type { ChainClient, ChainIdentity, HeadWatch, Work } from './chain-client.ts'
import { estimateSizes } from './matrix-size.ts'
import { Outbox } from './outbox.ts'
import { Player, type Search, type Turn } from './player.ts'
import { Tally } from './tally.ts'
import { tagOf } from './verdict.ts'
import { Wakeup } from './wakeup.ts'
import type { DeviceStats, Found, WorkerEvent, WorkerStats } from './worker-events.ts'

/** The shortest block interval in the presets. */
const POLL_MS = 500
/** Told of new blocks, the follower still asks after this many polls' time: a feed can be alive and silent. */
const POLLS_WHEN_TOLD = 10
const ATTEMPT_SPACE = 2 ** 32
/** Seeds are changed after this part of their window, so a result found on the last attempt still has most of it left. */
const RESEED_FRACTION = 4
/** Final blocks lag behind the tip, and a result needs a block or two to be included: work this near to its end is over. */
const EXPIRY_MARGIN_BLOCKS = 4

export interface WorkerOptions {
  readonly client: ChainClient
  /** At least one. They stay the caller's to close. */
  readonly backends: readonly LotteryBackend[]
  /** secp256k1 key of the account that is paid and that pays the fees. */
  readonly privateKey: Uint8Array
  /** Default: for each device the size on which it is fastest. */
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
  /** Resolves once nothing of the worker runs any more. The backends stay open. */
  stop(): Promise<void>
  /**
   * Resolves after `stop`; rejects when the worker cannot go on: `WORKER_MATRIX_SIZE`, `WORKER_CHAIN_CHANGED`, or what
   * the last of its devices failed with.
   */
  readonly done: Promise<void>
}

/** The worker's own end of a search. */
interface OpenSearch extends Search {
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
  readonly #tally = new Tally()
  readonly #wakeup = new Wakeup()
  #found = 0
  #outbox: Outbox | undefined
  #players: readonly Player[] = []
  #search: OpenSearch | undefined
  /** Older ones whose attempts still run, until they are over. */
  readonly #older = new Set<OpenSearch>()
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
    const devices = this.#players.map((player) => player.stats())
    const sum = (of: (device: DeviceStats) => number): number =>
      devices.reduce((total, device) => total + of(device), 0)
    return {
      attempts: sum(({ attempts }) => attempts),
      macs: sum(({ macs }) => macs),
      macsPerSecond: sum(({ macsPerSecond }) => macsPerSecond),
      averageMacsPerSecond: sum(({ averageMacsPerSecond }) => averageMacsPerSecond),
      found: this.#found,
      ...this.#tally.counts(),
      ...(this.#outbox?.counts() ?? { pending: 0, queued: 0 }),
      devices,
    }
  }

  async stop(): Promise<void> {
    this.#halt(new QuernError('WORKER_STOPPED', 'the worker has been stopped'))
    await this.done.catch(() => undefined)
  }

  #halt(reason: unknown): void {
    this.#stop.abort(reason)
    for (const search of [...this.#older, this.#search]) search?.controller.abort(reason)
  }

  #emit = (event: WorkerEvent): void => {
    this.#tally.add(event)
    this.#options.onEvent?.(event)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const loops: Promise<never>[] = []
    try {
      const { client, privateKey } = this.#options
      const { address } = this
      const identity = await this.#untilAnswered(() => client.identity(signal))
      const outbox = new Outbox({ client, address, privateKey, signal, emit: this.#emit }, identity.chainId)
      this.#outbox = outbox
      const work = await this.#untilAnswered(() => client.getWork(signal))
      this.#players = await this.#measure(work, outbox)
      // Measuring has taken a while: the first work is asked for again.
      this.#seed(await this.#untilAnswered(() => client.getWork(signal)))
      loops.push(this.#follow(outbox, identity), this.#play())
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
        await this.#trouble(error, failures)
      }
    }
  }

  /** Says what is wrong, and waits the longer the more often it was so in a row. @throws the stop signal's reason */
  async #trouble(error: unknown, failures: number): Promise<void> {
    const { signal } = this.#stop
    signal.throwIfAborted()
    const retryMs = backoffMs(failures)
    this.#emit({ type: 'trouble', tag: tagOf(error), message: messageOf(error), retryMs })
    await pause(retryMs, signal)
  }

  /** One device after the other: side by side they would measure each other. */
  async #measure(work: Work, outbox: Outbox): Promise<readonly Player[]> {
    const players: Player[] = []
    for (const backend of this.#options.backends) {
      const matrixSize = await this.#chooseSize(backend, work)
      this.#emit({ type: 'started', address: this.address, matrixSize })
      players.push(
        new Player({
          backend,
          matrixSize,
          dutyCycle: this.#options.dutyCycle ?? 1,
          next: () => this.#nextTurn(),
          isNewest: (search) => search === this.#search,
          onWins: (turn, size, wins) => this.#won(outbox, turn, size, wins),
          signal: this.#stop.signal,
        }),
      )
    }
    return players
  }

  async #chooseSize(backend: LotteryBackend, work: Work): Promise<number> {
    const { matrixSize } = this.#options
    if (matrixSize === undefined) {
      const [fastest] = await estimateSizes(backend, work.matrixSizes, this.#stop.signal)
      if (fastest !== undefined) return fastest.n
    } else if (work.matrixSizes.includes(matrixSize)) {
      return matrixSize
    }
    throw unlisted(work)
  }

  #nextTurn(): Turn {
    const search = this.#search
    if (search === undefined) throw new QuernError('ASSERTION_FAILED', 'the search has no seed')
    const attempt = this.#nextAttempt
    this.#nextAttempt = (attempt + 1) % ATTEMPT_SPACE
    return { search, attempt }
  }

  #won(outbox: Outbox, { search, attempt }: Turn, matrixSize: number, wins: readonly TileWin[]): void {
    const { work, signal } = search
    for (const { tile, ticket } of wins) {
      const found: Found = { seedHeight: work.height, matrixSize, attempt, tile }
      this.#found++
      if (signal.aborted) this.#emit({ type: 'late', found, reason: 'SEED_ABANDONED' })
      else outbox.add(work, found, ticket)
    }
    this.#wakeup.call()
  }

  #seed(work: Work): void {
    if (this.#search !== undefined) this.#older.add(this.#search)
    const seed = computeSeed(work.blockHash, this.address)
    const jobs = new Map<number, LotteryJob>()
    const jobFor = (n: number): LotteryJob => {
      const job = jobs.get(n) ?? { seed, n, target: targetOf(n, work.difficultyMacs) }
      jobs.set(n, job)
      return job
    }
    const controller = new AbortController()
    this.#search = { work, controller, signal: controller.signal, jobFor }
    this.#emit({ type: 'seeded', seedHeight: work.height, difficultyMacs: work.difficultyMacs })
  }

  /** A long attempt may be older than the search that follows it. */
  #endOld(newest: Work): void {
    for (const search of this.#older) {
      const isPlaying = this.#players.some(({ playing }) => playing === search)
      if (isPlaying && !isOver(search.work, newest)) continue
      this.#older.delete(search)
      search.controller.abort()
    }
  }

  async #follow(outbox: Outbox, first: ChainIdentity): Promise<never> {
    const { client } = this.#options
    const { signal } = this.#stop
    const watch = client.watchHeads?.(() => this.#wakeup.call(), signal)
    let identity = first
    for (let failures = 0; ; ) {
      await this.#wakeup.wait(this.#waitMs(outbox, watch), signal)
      const [newest, now] = await this.#untilAnswered(() =>
        Promise.all([client.getWork(signal), client.identity(signal)]),
      )
      if (!equalBytes(now.genesisHash, identity.genesisHash)) this.#beginAnew(outbox, identity, now, newest)
      else if (this.#search === undefined || isStale(this.#search.work, newest)) this.#seed(newest)
      identity = now
      this.#endOld(newest)
      // Not until it succeeds: what a node cannot take now must not keep the search on an old block.
      try {
        await outbox.step(newest.height)
        failures = 0
      } catch (error) {
        await this.#trouble(error, ++failures)
      }
    }
  }

  #waitMs(outbox: Outbox, watch: HeadWatch | undefined): number {
    const { pollMs = POLL_MS } = this.#options
    return Math.min(watch?.isLive() === true ? pollMs * POLLS_WHEN_TOLD : pollMs, outbox.waitMs())
  }

  /** @throws QuernError `WORKER_CHAIN_CHANGED`, `WORKER_MATRIX_SIZE` */
  #beginAnew(outbox: Outbox, old: ChainIdentity, now: ChainIdentity, newest: Work): void {
    if (now.chainId !== old.chainId) {
      const message = `the node is on chain ${now.chainId} now, not ${old.chainId}: restart the worker if that is meant`
      throw new QuernError('WORKER_CHAIN_CHANGED', message, { chainId: now.chainId })
    }
    for (const { matrixSize } of this.#players.map((player) => player.stats())) {
      if (matrixSize !== undefined && !newest.matrixSizes.includes(matrixSize)) throw unlisted(newest)
    }
    this.#emit({ type: 'reset', genesisHash: now.genesisHash })
    outbox.reset(now.chainId)
    for (const search of [...this.#older, this.#search]) search?.controller.abort()
    this.#older.clear()
    this.#search = undefined
    this.#seed(newest)
  }

  /** Until the last device has failed. */
  async #play(): Promise<never> {
    const { signal } = this.#stop
    let left = this.#players.length
    let failure: unknown = new QuernError('BACKEND_UNAVAILABLE', 'the worker has no device: give it one')
    const run = async (player: Player): Promise<void> => {
      try {
        await player.run()
      } catch (error) {
        signal.throwIfAborted()
        failure = error
        if (--left === 0) throw error
        const { name: device } = player
        this.#emit({ type: 'device-failed', device, tag: tagOf(error), message: messageOf(error) })
      }
    }
    await Promise.all(this.#players.map(run))
    throw failure
  }
}

const unlisted = ({ matrixSizes }: Work): QuernError =>
  new QuernError('WORKER_MATRIX_SIZE', `this chain's matrix sizes are ${matrixSizes.join(', ')}: choose one of them`)

/** @throws QuernError `KEY_INVALID` */
export const startWorker = (options: WorkerOptions): RunningWorker => new WorkerLoop(options)
