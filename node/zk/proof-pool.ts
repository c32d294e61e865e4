/**
 * Verifies proofs ahead of consensus, in threads, and leaves their verdicts in the cache that consensus asks.
 *
 *     verify(operands) ── cache ──> known
 *          │ unknown
 *          └── queue ──batches──> threads ──> cache ──> verdicts
 *
 * It promises: verdicts equal `proofVerifier`'s; a proof that is asked for twice is verified once; what waits is bounded; every
 * call is answered, also when a thread dies (its batch runs again, after `MAX_STRIKES` deaths on this thread); the event loop
 * does no curve or field arithmetic while threads live.
 */
import { hexKey } from '../../core/bytes.ts'
import { fail, QuernError, type Result } from '../../core/errors.ts'
import type { ZkErrorCode, ZkVerdict } from '../../vm/zk/errors.ts'
import { operandsHash, ZK_TAG, type ZkOperands } from '../../vm/zk/operands.ts'
import type { ProofCache, ProofVerifier } from '../../vm/zk/verify.ts'
import type { ProofSystemOptions } from './proof-systems.ts'
import { InlineProofThread, type ProofThread, WorkerProofThread } from './proof-thread.ts'

export type AheadVerdict = Result<true, ZkErrorCode | 'ZK_OVERLOADED' | 'ZK_CLOSED'>

export interface ProofPoolModules {
  /** Where verdicts go. */
  readonly cache: ProofCache
  /** For when threads keep dying. */
  readonly verifier: ProofVerifier
  /** Default: one thread that loads `options`. Proofs are rare, and the other cores have signatures to recover. */
  readonly threads?: readonly ProofThread[]
  readonly options?: ProofSystemOptions
  readonly maxWaiting?: number
}

/** Half a second of one core if all are Groth16, eight seconds if all are receipts: who waits longer sends again anyway. */
const MAX_WAITING = 128
/** Groth16 proofs, about 50 ms together, as long as one receipt alone: a block's proofs wait no longer behind others. */
const MAX_BATCH = 16
/** Deaths in a row after which a thread is given up. */
const MAX_STRIKES = 3

interface Job {
  readonly hash: Uint8Array
  readonly operands: ZkOperands
  readonly resolve: (verdict: AheadVerdict) => void
  readonly reject: (error: unknown) => void
}

interface Slot {
  thread: ProofThread
  isBusy: boolean
  strikes: number
}

/** Only Groth16 proofs gain by company. */
function nextBatch(queue: Job[]): Job[] {
  const other = queue.findIndex(({ operands }) => operands.tag !== ZK_TAG.groth16)
  return queue.splice(0, other < 0 ? MAX_BATCH : Math.min(Math.max(other, 1), MAX_BATCH))
}

const CLOSED = fail('ZK_CLOSED', 'the node is shutting down: send to another node')

export class ProofPool {
  readonly #cache: ProofCache
  readonly #verifier: ProofVerifier
  readonly #slots: readonly Slot[]
  readonly #maxWaiting: number
  /** Of blocks: served first, and never refused, since a block's gram bounds its proofs. */
  readonly #urgent: Job[] = []
  readonly #ordinary: Job[] = []
  /** By operands hash: asked for and not yet answered. */
  readonly #pending = new Map<string, Promise<AheadVerdict>>()
  /** Of these, whose verdicts go into the cache. */
  readonly #kept = new Set<string>()
  #crashes = 0
  #isClosed = false

  constructor(modules: ProofPoolModules) {
    this.#cache = modules.cache
    this.#verifier = modules.verifier
    this.#maxWaiting = modules.maxWaiting ?? MAX_WAITING
    const threads = modules.threads ?? [new WorkerProofThread(modules.options ?? {})]
    this.#slots = threads.map((thread) => ({ thread, isBusy: false, strikes: 0 }))
  }

  get stats(): { readonly waiting: number; readonly crashes: number } {
    return { waiting: this.#pending.size, crashes: this.#crashes }
  }

  /** The verdict, where it is there already. */
  known(operands: ZkOperands): ZkVerdict | undefined {
    return this.#cache.get(operandsHash(operands))
  }

  /** For a transaction from outside. */
  verify(operands: readonly ZkOperands[]): Promise<AheadVerdict[]> {
    return Promise.all(operands.map((one) => this.#ask(one, this.#ordinary)))
  }

  /** For the proofs of a block. */
  verifyBlock(operands: readonly ZkOperands[]): Promise<AheadVerdict[]> {
    return Promise.all(operands.map((one) => this.#ask(one, this.#urgent)))
  }

  /** For whoever is curious: the verdict is not kept, so that nobody pushes out those of transactions. */
  verifyAside(operands: ZkOperands): Promise<AheadVerdict> {
    return this.#ask(operands, this.#ordinary, false)
  }

  /** Refuses what comes from now on, answers what came before, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#pending.values())
    await Promise.all(this.#slots.map(({ thread }) => thread.stop()))
  }

  async #ask(operands: ZkOperands, queue: Job[], isKept = true): Promise<AheadVerdict> {
    if (this.#isClosed) return CLOSED
    const hash = operandsHash(operands)
    const known = this.#cache.get(hash)
    if (known !== undefined) return known
    const name = hexKey(hash)
    const pending = this.#pending.get(name)
    if (pending !== undefined) {
      if (isKept) this.#kept.add(name)
      if (queue === this.#urgent) this.#hurry(name)
      return pending
    }
    if (queue === this.#ordinary && this.#pending.size >= this.#maxWaiting) {
      return fail('ZK_OVERLOADED', `${this.#pending.size} proofs wait to be verified here: send again in a second`)
    }
    const asked = new Promise<AheadVerdict>((resolve, reject) => queue.push({ hash, operands, resolve, reject }))
    this.#pending.set(name, asked)
    if (isKept) this.#kept.add(name)
    // After the caller's turn, so that what arrives together is verified together.
    queueMicrotask(() => this.#dispatch())
    try {
      return await asked
    } finally {
      this.#pending.delete(name)
      this.#kept.delete(name)
    }
  }

  /** A block asks for what a transaction asked for before. */
  #hurry(name: string): void {
    const at = this.#ordinary.findIndex(({ hash }) => hexKey(hash) === name)
    if (at >= 0) this.#urgent.push(...this.#ordinary.splice(at, 1))
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      const queue = this.#urgent.length > 0 ? this.#urgent : this.#ordinary
      if (slot.isBusy || queue.length === 0) continue
      void this.#serve(slot, nextBatch(queue), queue)
    }
  }

  async #serve(slot: Slot, batch: Job[], queue: Job[]): Promise<void> {
    slot.isBusy = true
    try {
      const verdicts = await slot.thread.verifyAll(batch.map(({ operands }) => operands))
      slot.strikes = 0
      for (const [i, { hash, resolve }] of batch.entries()) {
        if (this.#kept.has(hexKey(hash))) this.#cache.set(hash, verdicts[i]!)
        resolve(verdicts[i]!)
      }
    } catch (error) {
      if (error instanceof QuernError && error.code === 'WORKER_DIED') {
        queue.unshift(...batch)
        this.#crashes++
        if (++slot.strikes >= MAX_STRIKES) slot.thread = new InlineProofThread(this.#verifier)
      } else {
        for (const { reject } of batch) reject(error)
      }
    }
    slot.isBusy = false
    this.#dispatch()
  }
}
