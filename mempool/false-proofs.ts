/**
 * Senders whose proofs turned out false. Finding that out takes milliseconds (a tile, two pairings) and a refusal costs the
 * sender nothing, so after a few of them a sender must wait before the next is looked at. The signature on the transaction
 * says who it was; who merely passed it on or copied it is not meant. PROTOCOL 2, 6.2.
 */
import type { Action } from '../vm/transaction/types.ts'
import type { AddErrorCode } from './errors.ts'
import type { MempoolLimits } from './limits.ts'

/** No honest sender meets these by bad luck: a stale, claimed or foreign result is refused by a cheaper check. */
const FALSE_PROOF: ReadonlySet<AddErrorCode> = new Set<AddErrorCode>([
  'RESULT_HASH_MISMATCH',
  'EVIDENCE_SIGNATURE_INVALID',
  'PROOF_OF_POSSESSION_INVALID',
])

export const isFalseProof = (code: AddErrorCode): boolean => FALSE_PROOF.has(code)

/**
 * Decided by the result and by what every node shares: parameters, and the difficulty of an epoch whose first block stands on a
 * final one. A peer that passes one on has not looked at it. Not here: what depends on the tip (too new, stale, claimed) and
 * RESULT_TASK_ID, since the seed may be a block that is not final.
 */
const REFUSED_EVERYWHERE: ReadonlySet<AddErrorCode> = new Set<AddErrorCode>([
  ...FALSE_PROOF,
  'RESULT_CHALLENGE_UNKNOWN',
  'RESULT_WORKER_NOT_SENDER',
  'RESULT_FIELDS_UNEXPECTED',
  'RESULT_MATRIX_SIZE',
  'RESULT_TILE_RANGE',
  'RESULT_ABOVE_TARGET',
])

export const isRefusedEverywhere = (code: AddErrorCode): boolean => REFUSED_EVERYWHERE.has(code)

/** Kinds whose check may cost more than reading a few records. */
export const bringsProof = (action: Action): boolean =>
  action.kind === 'SUBMIT_RESULT' ||
  action.kind === 'SUBMIT_EVIDENCE' ||
  (action.kind === 'STAKE' && action.registration !== undefined)

interface Count {
  readonly sinceMs: number
  readonly count: number
}

export type FalseProofLimits = Pick<MempoolLimits, 'maxFalseProofs' | 'falseProofWaitMs' | 'maxFalseProvers'>

/** Counts for each sender from its first false proof on, for `falseProofWaitMs`. */
export class FalseProofs {
  readonly #limits: FalseProofLimits
  /** In order of `sinceMs`. */
  readonly #bySender = new Map<string, Count>()

  constructor(limits: FalseProofLimits) {
    this.#limits = limits
  }

  #current(senderKey: string, nowMs: number): Count | undefined {
    const record = this.#bySender.get(senderKey)
    return record !== undefined && nowMs - record.sinceMs < this.#limits.falseProofWaitMs ? record : undefined
  }

  note(senderKey: string, nowMs: number): void {
    const record = this.#current(senderKey, nowMs)
    if (record !== undefined) {
      this.#bySender.set(senderKey, { ...record, count: record.count + 1 })
      return
    }
    this.#bySender.delete(senderKey)
    this.#bySender.set(senderKey, { sinceMs: nowMs, count: 1 })
    if (this.#bySender.size <= this.#limits.maxFalseProvers) return
    const earliest = this.#bySender.keys().next().value
    if (earliest !== undefined) this.#bySender.delete(earliest)
  }

  /** Milliseconds until a proof of this sender is looked at again; 0 = now. */
  waitMs(senderKey: string, nowMs: number): number {
    const record = this.#current(senderKey, nowMs)
    if (record === undefined || record.count < this.#limits.maxFalseProofs) return 0
    return record.sinceMs + this.#limits.falseProofWaitMs - nowMs
  }
}
