/**
 * Senders whose proofs turned out false, or whose scripts failed after much work. Finding that out takes milliseconds (a tile,
 * two pairings, a hundred signatures) and a refusal costs the sender nothing, so after a few of them a sender must wait before
 * the next is looked at. The signature on the transaction says who it was; who merely passed it on or copied it is not meant.
 * PROTOCOL 2, 6.2.
 */
import type { Failure } from '../core/errors.ts'
import { hasScripts } from '../vm/execution/limits.ts'
import type { Action } from '../vm/transaction/types.ts'
import type { AddErrorCode } from './errors.ts'
import type { MempoolLimits } from './limits.ts'

/** No honest sender meets these by bad luck: a stale, claimed or foreign result is refused by a cheaper check. */
const FALSE_PROOF: ReadonlySet<AddErrorCode> = new Set<AddErrorCode>([
  'RESULT_HASH_MISMATCH',
  'EVIDENCE_SIGNATURE_INVALID',
  'PROOF_OF_POSSESSION_INVALID',
])

/** What a false proof counts: fifty signature checks, some milliseconds. */
export const FALSE_PROOF_GRAM = 50_000

/**
 * What the refusal counts, in gram: a false proof whole. Of scripts: `meta.proof` names the verdict on a proof that they asked for;
 * others count by the gram that they used, so that a hundred small failures weigh as much as a large one. Who lost a race meets
 * OUTPUT_UNKNOWN before any script runs; a script that fails for another reason of the state does so before it has used much.
 */
export function falseProofGram({ code, meta }: Failure<AddErrorCode>): number {
  if (code !== 'SCRIPT_FAILED' && code !== 'GRAM_EXCEEDED') return FALSE_PROOF.has(code) ? FALSE_PROOF_GRAM : 0
  return meta?.proof === undefined ? Math.min(FALSE_PROOF_GRAM, Number(meta?.gramUsed ?? 0)) : FALSE_PROOF_GRAM
}

/**
 * Decided by the result and by what every node shares: parameters, and the difficulty of an epoch whose first block stands on a
 * final one. A peer that passes one on has not looked at it. Not here: what depends on the tip (too new, stale, claimed), and
 * RESULT_TASK_ID, since the seed may be a block that is not final. Nor a false proof in a script: scripts read the height at
 * which they run, so a peer whose tip is another may have met other branches of it, and its transaction was sound there.
 */
const REFUSED_EVERYWHERE: ReadonlySet<string> = new Set<AddErrorCode>([
  ...FALSE_PROOF,
  'RESULT_CHALLENGE_UNKNOWN',
  'RESULT_WORKER_NOT_SENDER',
  'RESULT_FIELDS_UNEXPECTED',
  'RESULT_MATRIX_SIZE',
  'RESULT_TILE_RANGE',
  'RESULT_ABOVE_TARGET',
])

export const isRefusedEverywhere = (code: string): boolean => REFUSED_EVERYWHERE.has(code)

/** Kinds whose check may cost more than reading a few records. */
export const bringsProof = (action: Action): boolean =>
  action.kind === 'SUBMIT_RESULT' ||
  action.kind === 'SUBMIT_EVIDENCE' ||
  (action.kind === 'STAKE' && action.registration !== undefined) ||
  hasScripts(action)

interface Count {
  readonly sinceMs: number
  readonly gram: number
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

  /** @param gram as `falseProofGram` says */
  note(senderKey: string, nowMs: number, gram: number): void {
    if (gram === 0) return
    const record = this.#current(senderKey, nowMs)
    if (record !== undefined) {
      this.#bySender.set(senderKey, { ...record, gram: record.gram + gram })
      return
    }
    this.#bySender.delete(senderKey)
    this.#bySender.set(senderKey, { sinceMs: nowMs, gram })
    if (this.#bySender.size <= this.#limits.maxFalseProvers) return
    const earliest = this.#bySender.keys().next().value
    if (earliest !== undefined) this.#bySender.delete(earliest)
  }

  /** Milliseconds until a proof of this sender is looked at again; 0 = now. */
  waitMs(senderKey: string, nowMs: number): number {
    const record = this.#current(senderKey, nowMs)
    if (record === undefined || record.gram < this.#limits.maxFalseProofs * FALSE_PROOF_GRAM) return 0
    return record.sinceMs + this.#limits.falseProofWaitMs - nowMs
  }
}
