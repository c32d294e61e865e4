/** Those who recover a batch of signers: a worker thread, or this thread in small portions. */
import type { Worker } from 'node:worker_threads'
import { concatBytes } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { spawnThread } from '../../gpu/spawn.ts'
import { recoverPacked, requestCount, sliceRequests } from './packed.ts'

export interface Recoverer {
  /** One batch at a time. Rejects with `WORKER_DIED` when the thread ends before it answers. */
  run(packed: Uint8Array): Promise<Uint8Array>
  /** Ends the thread, if there is one; a later `run` starts another. */
  stop(): Promise<void>
}

interface Running {
  readonly resolve: (answers: Uint8Array) => void
  readonly reject: (error: QuernError) => void
}

/** Starts its thread at the first batch, and anew after a crash. An idle thread does not keep the process alive. */
export class WorkerRecoverer implements Recoverer {
  #worker: Worker | undefined
  #running: Running | undefined

  run(packed: Uint8Array): Promise<Uint8Array> {
    assert(this.#running === undefined, 'a signature worker got a second batch')
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject }
      worker.ref()
      worker.postMessage(packed)
    })
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = spawnThread(import.meta.url, './recover.worker')
    let cause: unknown
    worker.on('message', (answers: Uint8Array) => {
      worker.unref()
      this.#take()?.resolve(answers)
    })
    worker.on('error', (error) => {
      cause = error
    })
    // Comes after every error, and alone when the thread is ended from outside.
    worker.on('exit', (exitCode) => {
      if (this.#worker === worker) this.#worker = undefined
      this.#take()?.reject(new QuernError('WORKER_DIED', 'a signature worker ended early', { exitCode }, { cause }))
    })
    this.#worker = worker
    return worker
  }

  #take(): Running | undefined {
    const running = this.#running
    this.#running = undefined
    return running
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
