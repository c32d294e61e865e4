/** What a block has room for besides bytes. PROTOCOL 4.2. */
import { intrinsicGas } from '../gas.ts'
import type { ChainParams } from '../params.ts'
import type { Action } from '../transaction/types.ts'

/** Each costs a pairing, about a millisecond, on top of its gas. PROTOCOL 4.2. */
export const MAX_REGISTRATIONS_PER_BLOCK = 16
export const MAX_EVIDENCE_PER_BLOCK = 16

/** What is used up. A builder skips the transaction and goes on; a block that holds it anyway is invalid. */
export type FullReason = 'gas' | 'results' | 'registrations' | 'evidence'

export class BlockRoom {
  readonly #gasLimit: number
  readonly #left: Record<Exclude<FullReason, 'gas'>, number>
  #gasUsed = 0

  constructor(params: Pick<ChainParams, 'gasLimit' | 'maxResultsPerBlock'>) {
    this.#gasLimit = params.gasLimit
    this.#left = {
      results: params.maxResultsPerBlock,
      registrations: MAX_REGISTRATIONS_PER_BLOCK,
      evidence: MAX_EVIDENCE_PER_BLOCK,
    }
  }

  get gasUsed(): number {
    return this.#gasUsed
  }

  /** Why the action does not fit; undefined when it does. */
  lacks(action: Action): FullReason | undefined {
    if (this.#gasUsed + intrinsicGas(action) > this.#gasLimit) return 'gas'
    const counted = countedAs(action)
    return counted !== undefined && this.#left[counted] === 0 ? counted : undefined
  }

  /** Counts the action, whether it will succeed or not. */
  take(action: Action): void {
    this.#gasUsed += intrinsicGas(action)
    const counted = countedAs(action)
    if (counted !== undefined) this.#left[counted]--
  }
}

function countedAs(action: Action): Exclude<FullReason, 'gas'> | undefined {
  if (action.kind === 'SUBMIT_RESULT') return 'results'
  if (action.kind === 'SUBMIT_EVIDENCE') return 'evidence'
  return action.kind === 'STAKE' && action.registration !== undefined ? 'registrations' : undefined
}
