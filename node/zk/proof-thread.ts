/** Who verifies a batch: a worker thread, or this thread when threads keep dying. */
import type { Worker } from 'node:worker_threads'
import { QuernError } from '../../core/errors.ts'
import { endThread, spawnThread } from '../../gpu/spawn.ts'
import type { ZkVerdict } from '../../vm/zk/errors.ts'
import type { ZkOperands } from '../../vm/zk/operands.ts'
import type { ProofVerifier } from '../../vm/zk/verify.ts'
import type { ProofSystemOptions } from './proof-systems.ts'

export interface ProofThread {
  /** One batch at a time. Rejects with `WORKER_DIED` when the thread ends before it answers. */
  verifyAll(operands: readonly ZkOperands[]): Promise<ZkVerdict[]>
  stop(): Promise<void>
}

interface Waiting {
  readonly resolve: (verdicts: ZkVerdict[]) => void
  readonly reject: (error: QuernError) => void
}

/** Starts at the first batch, and anew after a crash. An idle thread does not keep the process alive. */
export class WorkerProofThread implements ProofThread {
  readonly #options: ProofSystemOptions
  #worker: Worker | undefined
  #waiting: Waiting | undefined

  constructor(options: ProofSystemOptions) {
    this.#options = options
  }

  verifyAll(operands: readonly ZkOperands[]): Promise<ZkVerdict[]> {
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      worker.ref()
      worker.postMessage(operands.map(compact))
    })
  }

  async stop(): Promise<void> {
    if (this.#worker !== undefined) await endThread(this.#worker, null)
  }

  #start(): Worker {
    const worker = spawnThread(import.meta.url, './proof.worker', { workerData: this.#options })
    let cause: unknown
    worker.on('message', (verdicts: ZkVerdict[]) => {
      worker.unref()
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.resolve(verdicts)
    })
    worker.on('error', (error) => {
      cause = error
    })
    // Comes after every error, and alone when the thread is ended from outside.
    worker.on('exit', (exitCode) => {
      if (this.#worker === worker) this.#worker = undefined
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.reject(new QuernError('WORKER_DIED', 'a proof worker ended early', { exitCode }, { cause }))
    })
    this.#worker = worker
    return worker
  }
}

/** A copy of its own bytes: a view would take the whole buffer behind it along, which may be a block. */
const copied = (value: unknown): unknown =>
  value instanceof Uint8Array ? new Uint8Array(value) : Array.isArray(value) ? value.map(copied) : value

const compact = (operands: ZkOperands): object =>
  Object.fromEntries(Object.entries(operands).map(([name, value]) => [name, copied(value)]))

/** On this thread, one proof to a turn of the event loop. */
export class InlineProofThread implements ProofThread {
  readonly #verifier: ProofVerifier

  constructor(verifier: ProofVerifier) {
    this.#verifier = verifier
  }

  async verifyAll(operands: readonly ZkOperands[]): Promise<ZkVerdict[]> {
    const verdicts: ZkVerdict[] = []
    for (const one of operands) {
      await new Promise((resolve) => setImmediate(resolve))
      verdicts.push(this.#verifier.verify(one))
    }
    return verdicts
  }

  async stop(): Promise<void> {}
}
