/**
 * Proves signatures beside the thread that executes blocks. Started at the first batch that is worth it; where it dies, its
 * batches are proved here.
 */
import type { Worker } from 'node:worker_threads'
import { bls, type SignatureCheck } from '../../core/bls.ts'
import { spawnThread } from '../../gpu/spawn.ts'
import { type Prover, provenPrefix } from './proven-signatures.ts'

/** Two blocks' worth: a validator that missed one block needs no thread for it. */
const MIN_BATCH = 8

interface Running {
  readonly checks: readonly SignatureCheck[]
  readonly resolve: (proven: number) => void
}

export class ProverThread {
  #worker: Worker | undefined
  /** Answered in this order; as many as portions are prepared, which is two. */
  #running: Running[] = []
  #isStopped = false

  readonly prove: Prover = (checks) => {
    if (checks.length < MIN_BATCH || this.#isStopped) return Promise.resolve(provenPrefix(bls, checks))
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve) => {
      this.#running.push({ checks, resolve })
      worker.ref()
      worker.postMessage(checks)
    })
  }

  /** Answers what it has, then ends the thread, if there is one. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const worker = this.#worker
    if (worker === undefined) return
    worker.ref()
    // Asked, never terminated: a thread that is stopped while it loads its native library takes the process down.
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve())
      worker.postMessage(null)
    })
  }

  #start(): Worker {
    const worker = spawnThread(import.meta.url, './prover.worker')
    worker.on('message', (proven: number) => {
      const first = this.#running.shift()
      if (this.#running.length === 0 && !this.#isStopped) worker.unref()
      first?.resolve(proven)
    })
    // What it dies of shows as its end.
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.#worker = undefined
      for (const { checks, resolve } of this.#running.splice(0)) resolve(provenPrefix(bls, checks))
    })
    this.#worker = worker
    return worker
  }
}
