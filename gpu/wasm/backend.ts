/**
 * The lottery in WebAssembly, on as many threads as the machine has cores.
 *
 *     host                                     each thread
 *     writes the job block, posts a part  ->   play(): draw B together, take groups of rows, store winners
 *     reads the winners                   <-   done
 *
 * Threads share one memory: B is drawn once, and rows are handed out by an atomic counter, so a thread that is held up
 * costs the others little. An abort is a word in that memory which every thread reads after each column of tile
 * families, a few milliseconds apart: nothing is sliced for its sake. `assembly/index.ts` is the other half of this file.
 */
import os from 'node:os'
import type { Worker } from 'node:worker_threads'
import { bigIntToBytes, concatBytes, u32be } from '../../core/bytes.ts'
import { DOMAIN_BYTES } from '../../core/domains.ts'
import { QuernError } from '../../core/errors.ts'
import { matrixKeys } from '../../vm/compute/matrix.ts'
import type { LotteryBackend, LotteryJob, TileWin } from '../backend.ts'
import { spawnThread } from '../spawn.ts'
import { createMemory, growTo, instantiate, type LotteryExports, lotteryModule } from './module.ts'
import { JOB, type Plan, planAttempt } from './plan.ts'

/** More would leave no room for their regions at the largest matrices. */
export const MAX_THREADS = 64

export interface WasmOptions {
  /** Default: one for each core. */
  readonly threads?: number
  /** Strassen's level, for measurements. Default: the best for the size. */
  readonly level?: number
}

export interface ThreadData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
}

export interface Part extends Pick<Plan, 'n' | 'level' | 'group' | 'columns' | 'wins'> {
  readonly region: number
}

export interface PartDone {
  readonly finished: boolean
}

/** Parts of one attempt that are still being played. */
interface Round {
  left: number
  finished: boolean
  readonly over: Promise<void>
  end(): void
}

function newRound(parts: number): Round {
  let end = (): void => undefined
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  return { left: parts, finished: true, over, end }
}

class WasmBackend implements LotteryBackend {
  readonly name = 'wasm'
  readonly #lottery: LotteryExports
  readonly #memory: WebAssembly.Memory
  readonly #threads: readonly Worker[]
  readonly #level: number | undefined
  /** The last round to begin; over, or its threads are still at it. */
  #round = newRound(0)
  #busy = false
  #ended: QuernError | undefined
  /** Rejects the attempt that is waiting. */
  #fail: ((reason: unknown) => void) | undefined

  constructor(module: WebAssembly.Module, threads: number, level: number | undefined) {
    this.#level = level
    this.#memory = createMemory(0)
    this.#lottery = instantiate(module, this.#memory)
    this.#round.end()
    const workerData: ThreadData = { module, memory: this.#memory }
    this.#threads = Array.from({ length: threads }, () => {
      const thread = spawnThread(import.meta.url, './play.worker', { workerData })
      thread.on('message', (done: PartDone) => this.#partDone(done))
      thread.on('error', (cause) => this.#end(threadFailed(cause)))
      thread.on('exit', () => this.#end(threadFailed(undefined)))
      return thread
    })
  }

  async attempt(job: LotteryJob, attempt: number, signal?: AbortSignal): Promise<readonly TileWin[]> {
    if (this.#ended !== undefined) throw this.#ended
    signal?.throwIfAborted()
    if (this.#busy) throw new QuernError('LOTTERY_BACKEND_BUSY', 'one attempt at a time: wait for the last one')
    this.#busy = true
    // The caller is free at once; the threads follow within milliseconds, and the next attempt waits for them.
    const onAbort = (): void => {
      Atomics.store(new Int32Array(this.#memory.buffer), JOB.abort / 4, 1)
      this.#fail?.(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const stopped = new Promise<never>((_, reject) => {
        this.#fail = reject
      })
      return await Promise.race([this.#play(job, attempt, signal), stopped])
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#fail = undefined
      this.#busy = false
    }
  }

  async #play(job: LotteryJob, attempt: number, signal: AbortSignal | undefined): Promise<readonly TileWin[]> {
    await this.#round.over
    if (this.#ended !== undefined) throw this.#ended
    signal?.throwIfAborted()
    const plan = planAttempt(this.#lottery, job.n, this.#threads.length, this.#level)
    growTo(this.#memory, plan.bytes)
    this.#writeJob(job, attempt)
    const round = newRound(this.#threads.length)
    this.#round = round
    const { n, level, group, columns, wins } = plan
    for (const [i, thread] of this.#threads.entries()) {
      thread.postMessage({ n, level, group, columns, wins, region: plan.regions[i]! } satisfies Part)
    }
    await round.over
    if (this.#ended !== undefined) throw this.#ended
    return round.finished ? this.#readWins(wins) : []
  }

  #writeJob({ seed, n, target }: LotteryJob, attempt: number): void {
    const words = new Int32Array(this.#memory.buffer)
    for (const at of [JOB.abort, JOB.slicesTaken, JOB.slicesDrawn, JOB.groupsTaken, JOB.wins]) {
      Atomics.store(words, at / 4, 0)
    }
    const bytes = new Uint8Array(this.#memory.buffer)
    const { keyA, keyB } = matrixKeys(seed, n, attempt)
    bytes.set(keyA, JOB.keyA)
    bytes.set(keyB, JOB.keyB)
    // The tile number's top byte, which ends the first block of the hash, is 0 at every n.
    bytes.set(concatBytes(DOMAIN_BYTES.ticket, seed, u32be(n), u32be(attempt), Uint8Array.of(0)), JOB.prefix)
    bytes.set(bigIntToBytes(target, 32), JOB.target)
  }

  #readWins(list: number): TileWin[] {
    const count = Atomics.load(new Int32Array(this.#memory.buffer), JOB.wins / 4)
    const size = this.#lottery.WIN_BYTES.value
    const bytes = new Uint8Array(this.#memory.buffer)
    const view = new DataView(this.#memory.buffer)
    return Array.from({ length: count }, (_, i) => {
      const at = list + i * size
      return { tile: view.getUint32(at, true), ticket: bytes.slice(at + 4, at + size) }
    }).sort((a, b) => a.tile - b.tile)
  }

  #partDone({ finished }: PartDone): void {
    const round = this.#round
    if (!finished) round.finished = false
    if (--round.left === 0) round.end()
  }

  async close(): Promise<void> {
    this.#end(new QuernError('LOTTERY_BACKEND_CLOSED', 'the backend has been closed: create another one'))
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }

  /** One thread's death is the end of all: the others would wait for its part. */
  #end(error: QuernError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#fail?.(error)
    this.#round.end()
    for (const thread of this.#threads) void thread.terminate()
  }
}

const threadFailed = (cause: unknown): QuernError =>
  new QuernError('LOTTERY_BACKEND_FAILED', 'a lottery thread has died: restart the worker', {}, { cause })

/** @throws QuernError `LOTTERY_THREADS` */
export function checkThreads(threads: number): void {
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return
  throw new QuernError('LOTTERY_THREADS', `a backend has 1 to ${MAX_THREADS} threads`, { threads })
}

/**
 * @throws QuernError `WASM_UNAVAILABLE`, `LOTTERY_THREADS`; a thread that cannot start rejects the first attempt with
 *   `LOTTERY_BACKEND_FAILED`. Attempts reject with `LOTTERY_MATRIX_SIZE`, `WASM_MEMORY` and as the interface says.
 */
export function createWasmBackend(options: WasmOptions = {}): LotteryBackend {
  const { threads = Math.min(MAX_THREADS, os.availableParallelism()), level } = options
  checkThreads(threads)
  return new WasmBackend(lotteryModule(), threads, level)
}
