/** Those who recover a batch of signers: a worker thread, or this thread in small portions. */
import type { Worker } from 'node:worker_threads'
import { concatBytes } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { endThread, spawnThread } from '../../gpu/spawn.ts'
import { recoverPacked, requestCount, sliceRequests } from './packed.ts'

export interface Recoverer {
  /** Batches that may be with it at once; 1 where absent. */
  readonly capacity?: number
  /** Rejects with `WORKER_DIED`, one error for all batches with it, when the thread ends before it answers. */
  run(packed: Uint8Array): Promise<Uint8Array>
  /** Starts the thread before there is a batch. */
  warmUp?(): void
  /** Answers what it has, then ends the thread, if there is one; a later `run` starts another. */
  stop(): Promise<void>
}

interface Running {
  readonly resolve: (answers: Uint8Array) => void
  readonly reject: (error: QuernError) => void
}

/**
 * While the event loop is busy with a block, a thread goes on with the batches it has: about 50 ms of work, which is as
 * long as a block may then have to wait behind transactions from outside.
 */
const WORKER_CAPACITY = 8

/** Starts its thread at the first batch, and anew after a crash. An idle thread does not keep the process alive. */
export class WorkerRecoverer implements Recoverer {
  readonly capacity = WORKER_CAPACITY
  #worker: Worker | undefined
  /** Answered in this order. */
  #running: Running[] = []
  #ending: Promise<void> | undefined

  run(packed: Uint8Array): Promise<Uint8Array> {
    assert(this.#running.length < WORKER_CAPACITY, 'a signature worker got too many batches')
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve, reject) => {
      this.#running.push({ resolve, reject })
      worker.ref()
      worker.postMessage(packed)
    })
  }

  warmUp(): void {
    if (this.#worker === undefined) this.#start().unref()
  }

  stop(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return Promise.resolve()
    this.#ending ??= endThread(worker, null)
    return this.#ending
  }

  #start(): Worker {
    const worker = spawnThread(import.meta.url, './recover.worker')
    let cause: unknown
    worker.on('message', (answers: Uint8Array) => {
      const first = this.#running.shift()
      if (this.#running.length === 0 && this.#ending === undefined) worker.unref()
      first?.resolve(answers)
    })
    worker.on('error', (error) => {
      cause = error
    })
    // Comes after every error, and alone when the thread has been asked to end.
    worker.on('exit', (exitCode) => {
      this.#worker = undefined
      this.#ending = undefined
      const error = new QuernError('WORKER_DIED', 'a signature worker ended early', { exitCode }, { cause })
      for (const { reject } of this.#running.splice(0)) reject(error)
    })
    this.#worker = worker
    return worker
  }
}

/** About a millisecond of recoveries; then whatever else waits on the event loop gets its turn. */
const INLINE_PORTION = 16

export class InlineRecoverer implements Recoverer {
  async run(packed: Uint8Array): Promise<Uint8Array> {
    const count = requestCount(packed)
    const portions: Uint8Array[] = []
    for (let from = 0; from < count; from += INLINE_PORTION) {
      await new Promise((resolve) => setImmediate(resolve))
      portions.push(recoverPacked(sliceRequests(packed, from, Math.min(count, from + INLINE_PORTION))))
    }
    return concatBytes(...portions)
  }

  async stop(): Promise<void> {}
}
