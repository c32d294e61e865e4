/**
 * Attempts on one device.
 *
 *     plays, in order:  [ draw | band | band | band, winners ] [ draw | band | ...
 *     submitted:          WINDOW submissions ahead of the device
 *
 * An attempt is cut into bands of rows of the product, each a submission of its own: multiply and fold the band, hash its tiles,
 * keep the winners. So a device is never held for longer than a few bands by what nobody wants any more, and never waits,
 * since the next attempt's bands follow the last one's. Only the winners come back: their counter and list, once an attempt.
 *
 * The list has room for more winners than the target makes likely. The counter counts them all, so if there are too many
 * after all, the attempt is played once more with room for exactly that many.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes } from '../../core/bytes.ts'
import { messageOf, QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { tileCount } from '../../vm/compute/ticket.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { LotteryJob, TileWin } from '../backend.ts'
import { checkSize } from '../wasm/plan.ts'
import { Arena, destroySlot, type WinSlot } from './arena.ts'
import { type DeviceOptions, type OpenDevice, openDevice } from './device.ts'
import { blockOf, nameOf } from './kernel.ts'
import { type CommonPipelines, compileCommon } from './pipelines.ts'
import { type Tuned, type TuneOptions, tune } from './tune.ts'
import { packJob, WIN_WORDS } from './wgsl/job.ts'

/** Work submitted and not done: the device finds the next band waiting, and an abort costs no more than these. */
const WINDOW = 3
/** Of the attempt whose tickets are checked before the session is used. */
const CHECK_SIZE = 128
/** What a band should take: far above the cost of a submission, and WINDOW of them are below 200 ms. */
const BAND_MS = 40
/** While a promise of Dawn's is pending, it polls. So all but this part of a band's time is slept through first. */
const POLLED = 0.2
/** Shorter sleeps are coarser than what they would save. */
const MIN_SLEEP_MS = 2
/** Should a device be much slower all at once, it is looked after this long at the latest. */
const MAX_SLEEP_MS = 500
/** How fast the measured rate follows the last band. */
const SMOOTHING = 0.2
/** The attempt that runs, the one ahead of it, and one to spare. */
const MAX_FREE_SLOTS = 3

export interface Play {
  /** Ascending by tile. */
  readonly wins: Promise<readonly TileWin[]>
  /** What has not been submitted never is. `wins` stays pending. */
  cancel(): void
}

export interface SessionOptions extends DeviceOptions, TuneOptions {
  /** Room for winners, for tests. Default: as many as the target makes likely, and then some. */
  readonly capacity?: number
}

/** The buffers of a size, and how many plays use them. */
interface Ground {
  readonly arena: Arena
  readonly slots: WinSlot[]
  users: number
}

interface PlayState {
  readonly job: LotteryJob
  readonly attempt: number
  readonly capacity: number
  readonly ground: Ground
  readonly slot: WinSlot
  /** First row not yet submitted. */
  row: number
  cancelled: boolean
  resolve(wins: readonly TileWin[]): void
  reject(error: unknown): void
}

/** Enough for all but one in some 10^14 attempts: the mean, eight standard deviations, and a constant for small means. */
export function likelyWins({ n, target }: Pick<LotteryJob, 'n' | 'target'>): number {
  const tiles = tileCount(n)
  const mean = (tiles * Number(target >> 204n)) / 2 ** 52
  return Math.min(tiles, Math.ceil(mean + 8 * Math.sqrt(mean) + 32))
}

const closed = (): QuernError =>
  new QuernError('LOTTERY_BACKEND_CLOSED', 'the backend has been closed: create another one')

export const deviceLost = (message: string, cause?: unknown): QuernError =>
  new QuernError(
    'WEBGPU_DEVICE_LOST',
    `the GPU is gone (${message}): look for driver messages in the system's log`,
    {},
    { cause },
  )

export class Session {
  readonly open: OpenDevice
  readonly common: CommonPipelines
  readonly tuned: Tuned
  readonly #capacity: number | undefined
  #ground: Ground | undefined
  #grounds = new Set<Ground>()
  /** In order; of the first, some bands may be submitted. */
  #waiting: PlayState[] = []
  /** Everything that has not settled. */
  readonly #plays = new Set<PlayState>()
  #inFlight = 0
  #macsInFlight = 0
  /** Of the last bands: what the device does now, with whatever else it has to do. */
  #macsPerMs: number
  #lastDoneMs = 0
  #ended: QuernError | undefined

  private constructor(open: OpenDevice, common: CommonPipelines, tuned: Tuned, capacity?: number) {
    this.open = open
    this.common = common
    this.tuned = tuned
    this.#macsPerMs = tuned.macsPerSecond / 1_000
    this.#capacity = capacity
    void open.device.lost.then(({ reason, message }) => this.#end(deviceLost(message || reason)))
    open.device.addEventListener('uncapturederror', (event) =>
      this.#end(errorOf((event as GPUUncapturedErrorEvent).error)),
    )
  }

  /** @throws QuernError `WEBGPU_UNAVAILABLE`, `WEBGPU_KERNEL` */
  static async create(options: SessionOptions = {}): Promise<Session> {
    const open = await openDevice(options)
    try {
      const common = await compileCommon(open.device)
      const tuned = await tune(open, common, options)
      const session = new Session(open, common, tuned, options.capacity)
      await session.#check()
      return session
    } catch (error) {
      open.device.destroy()
      throw error
    }
  }

  /** All tickets of a small attempt. @throws QuernError `WEBGPU_KERNEL` unless they are the reference's */
  async #check(): Promise<void> {
    const job: LotteryJob = { seed: sha256(new Uint8Array(0)), n: CHECK_SIZE, target: 2n ** 256n - 1n }
    const wins = await this.play(job, 0).wins
    const isRight = ({ tile, ticket }: TileWin): boolean =>
      equalBytes(ticket, ticketOfTile(referenceKernel, job.seed, job.n, { attempt: 0, tile }))
    if (wins.length === tileCount(job.n) && wins.every(isRight)) return
    throw new QuernError('WEBGPU_KERNEL', 'the GPU hashes wrongly: update its driver, or use --backend wasm')
  }

  /** In words: adapter, driver, kernel. */
  get description(): string {
    return `${this.open.description}, ${nameOf(this.tuned.kernel)}`
  }

  /**
   * Queues an attempt behind those there are.
   * @throws QuernError `LOTTERY_MATRIX_SIZE`, and whatever has ended the session; `wins` rejects with the latter, which
   *   may be `WEBGPU_DEVICE_LOST` or `WEBGPU_MEMORY`
   */
  play(job: LotteryJob, attempt: number): Play {
    checkSize(job.n)
    if (job.n ** 2 > this.open.device.limits.maxStorageBufferBindingSize) {
      const { n } = job
      throw new QuernError('LOTTERY_MATRIX_SIZE', `the GPU has no buffer for matrix size ${n}: choose a smaller one`, {
        n,
      })
    }
    if (this.#ended !== undefined) throw this.#ended
    const ground = this.#groundFor(job.n)
    const capacity = this.#capacity ?? likelyWins(job)
    return this.#enqueue(job, attempt, capacity, ground)
  }

  #enqueue(job: LotteryJob, attempt: number, capacity: number, ground: Ground): Play {
    const { promise, resolve, reject } = deferred<readonly TileWin[]>()
    // Who cancels looks at it no more.
    promise.catch(() => undefined)
    const slot = takeSlot(ground, capacity)
    ground.users++
    const play: PlayState = { job, attempt, capacity, ground, slot, row: 0, cancelled: false, resolve, reject }
    this.#plays.add(play)
    this.#waiting.push(play)
    this.#pump()
    return { wins: promise, cancel: () => this.#cancel(play) }
  }

  /** The buffers for size n. Those of another size go once their last attempt is over. */
  #groundFor(n: number): Ground {
    if (this.#ground?.arena.n === n) return this.#ground
    const { device, usage } = this.open
    const arena = new Arena(device, usage, this.common, this.tuned, n)
    const before = this.#ground
    const ground: Ground = { arena, slots: [], users: 0 }
    this.#ground = ground
    this.#grounds.add(ground)
    if (before !== undefined && before.users === 0) this.#clear(before)
    return ground
  }

  #clear(ground: Ground): void {
    ground.arena.destroy()
    for (const slot of ground.slots.splice(0)) destroySlot(slot)
    this.#grounds.delete(ground)
  }

  #cancel(play: PlayState): void {
    if (play.cancelled || !this.#plays.has(play)) return
    play.cancelled = true
    const at = this.#waiting.indexOf(play)
    // Once its last band is submitted it ends like any other.
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#release(play)
    this.#pump()
  }

  #release(play: PlayState): void {
    this.#plays.delete(play)
    const { ground, slot } = play
    ground.users--
    if (ground.slots.length < MAX_FREE_SLOTS && ground === this.#ground) ground.slots.push(slot)
    else destroySlot(slot)
    if (ground.users === 0 && ground !== this.#ground) this.#clear(ground)
  }

  /** Submits bands until enough are in flight. */
  #pump(): void {
    while (this.#inFlight < WINDOW && this.#ended === undefined) {
      const play = this.#waiting[0]
      if (play === undefined) return
      const rows = this.#bandRows(play)
      const isLast = play.row + rows === play.job.n
      if (isLast) this.#waiting.shift()
      this.#submit(play, rows, isLast)
      void this.#follow(play, rows * play.job.n ** 2, isLast)
    }
  }

  #bandRows({ job: { n }, row }: PlayState): number {
    const block = blockOf(this.tuned.kernel).rows
    const blocks = Math.floor((BAND_MS * this.#macsPerMs) / (n * n * block))
    return Math.min(n - row, block * Math.max(1, blocks))
  }

  #submit(play: PlayState, rows: number, isLast: boolean): void {
    const { device } = this.open
    const { arena } = play.ground
    const encoder = device.createCommandEncoder()
    if (play.row === 0) {
      arena.setJob(packJob(play.job, play.attempt, play.capacity))
      encoder.clearBuffer(play.slot.onDevice, 0, 4)
    }
    arena.setBand(play.row, rows)
    const pass = encoder.beginComputePass()
    if (play.row === 0) arena.draw(pass)
    arena.multiply(pass, rows)
    arena.ticket(pass, rows, play.slot)
    pass.end()
    if (isLast) encoder.copyBufferToBuffer(play.slot.onDevice, 0, play.slot.mapped, 0, play.slot.mapped.size)
    device.queue.submit([encoder.finish()])
    play.row += rows
  }

  /** Waits for a submission, and for the winners where it was the last of its attempt. */
  async #follow(play: PlayState, macs: number, isLast: boolean): Promise<void> {
    const { device, mapRead } = this.open
    this.#inFlight++
    this.#macsInFlight += macs
    const submittedMs = performance.now()
    try {
      // Those before it have to be done first.
      const sleepMs = Math.min(MAX_SLEEP_MS, (this.#macsInFlight - POLLED * macs) / this.#macsPerMs)
      if (sleepMs >= MIN_SLEEP_MS) await sleep(sleepMs)
      await (isLast ? play.slot.mapped.mapAsync(mapRead) : device.queue.onSubmittedWorkDone())
      if (this.#ended !== undefined) return
      this.#measured(macs, submittedMs)
      this.#inFlight--
      this.#macsInFlight -= macs
      if (isLast) this.#finish(play)
      this.#pump()
    } catch (cause) {
      this.#end(deviceLost(messageOf(cause), cause))
    }
  }

  /** Sleeping too long makes the device look slower than it is, but by less than what is then slept less. */
  #measured(macs: number, submittedMs: number): void {
    const nowMs = performance.now()
    const tookMs = Math.max(0.01, nowMs - Math.max(submittedMs, this.#lastDoneMs))
    this.#lastDoneMs = nowMs
    this.#macsPerMs += SMOOTHING * (macs / tookMs - this.#macsPerMs)
  }

  #finish(play: PlayState): void {
    const { slot, capacity, job, attempt, ground } = play
    const words = new Uint32Array(slot.mapped.getMappedRange().slice(0))
    slot.mapped.unmap()
    const count = words[0]!
    if (count <= capacity || play.cancelled) {
      this.#release(play)
      play.resolve(readWins(words, Math.min(count, capacity)))
      return
    }
    // There is nothing of it left on the device but the counter.
    const again = this.#enqueue(job, attempt, Math.min(count, tileCount(job.n)), ground)
    this.#release(play)
    again.wins.then(play.resolve, play.reject)
  }

  /** Ends every attempt. */
  #end(error: QuernError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const play of this.#plays) play.reject(error)
    this.#plays.clear()
    this.#waiting = []
    this.open.device.destroy()
  }

  async close(): Promise<void> {
    this.#end(closed())
    for (const ground of this.#grounds) this.#clear(ground)
    await this.open.device.lost
  }
}

function errorOf(error: GPUError): QuernError {
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? new QuernError(
        'WEBGPU_MEMORY',
        'the GPU has no memory left: choose a smaller matrix size, or close what else uses it',
      )
    : new QuernError('LOTTERY_BACKEND_FAILED', `the GPU refuses a command: ${error.message}`)
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

function takeSlot(ground: Ground, capacity: number): WinSlot {
  const at = ground.slots.findIndex((slot) => slot.capacity === capacity)
  if (at >= 0) return ground.slots.splice(at, 1)[0]!
  for (const slot of ground.slots.splice(0)) destroySlot(slot)
  return ground.arena.winSlot(capacity)
}

/** @param words the counter and the list */
function readWins(words: Uint32Array, count: number): TileWin[] {
  return Array.from({ length: count }, (_, i) => {
    const at = 1 + i * WIN_WORDS
    const ticket = new Uint8Array(32)
    const view = new DataView(ticket.buffer)
    for (let word = 0; word < 8; word++) view.setUint32(4 * word, words[at + 1 + word]!)
    return { tile: words[at]!, ticket }
  }).sort((x, y) => x.tile - y.tile)
}
