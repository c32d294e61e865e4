/** What a block has room for besides bytes. PROTOCOL 4.2. */
import { hexKey } from '../../core/bytes.ts'
import { intrinsicGas } from '../gas.ts'
import type { ChainParams } from '../params.ts'
import type { Action, Transaction } from '../transaction/types.ts'

/** Each costs a pairing, about a millisecond, on top of its gas. PROTOCOL 4.2. */
export const MAX_REGISTRATIONS_PER_BLOCK = 16
export const MAX_EVIDENCE_PER_BLOCK = 16

/** What is used up. A builder skips the transaction and goes on; a block that holds it anyway is invalid. */
export type FullReason = 'gas' | 'gram' | 'lanes' | 'results' | 'registrations' | 'evidence'

type CountedReason = Exclude<FullReason, 'gas' | 'gram' | 'lanes'>

export class BlockRoom {
  readonly #gasLimit: number
  readonly #gramLimit: number
  readonly #maxLanes: number
  readonly #lanes = new Set<string>()
  readonly #left: Record<CountedReason, number>
  #gasUsed = 0
  #gramUsed = 0

  constructor(params: Pick<ChainParams, 'gasLimit' | 'gramLimit' | 'maxLanesPerBlock' | 'maxResultsPerBlock'>) {
    this.#gasLimit = params.gasLimit
    this.#gramLimit = params.gramLimit
    this.#maxLanes = params.maxLanesPerBlock
    this.#left = {
      results: params.maxResultsPerBlock,
      registrations: MAX_REGISTRATIONS_PER_BLOCK,
      evidence: MAX_EVIDENCE_PER_BLOCK,
    }
  }

  get gasUsed(): number {
    return this.#gasUsed
  }

  get gramUsed(): number {
    return this.#gramUsed
  }

  /** Most gram that the scripts of a transaction may use: what its gas limit and the block leave. */
  gramLimitOf({ action, gasLimit }: Pick<Transaction, 'action' | 'gasLimit'>): number {
    return hasScripts(action) ? Math.min(gasLimit - intrinsicGas(action), this.#gramLimit) : 0
  }

  /** Why the transaction does not fit; undefined when it does. */
  lacks(tx: Pick<Transaction, 'action' | 'gasLimit'>): FullReason | undefined {
    const { action } = tx
    if (this.#gasUsed + intrinsicGas(action) > this.#gasLimit) return 'gas'
    if (this.#gramUsed + this.gramLimitOf(tx) > this.#gramLimit) return 'gram'
    const lane = laneOf(action)
    if (lane !== undefined && !this.#lanes.has(lane) && this.#lanes.size === this.#maxLanes) return 'lanes'
    const counted = countedAs(action)
    return counted !== undefined && this.#left[counted] === 0 ? counted : undefined
  }

  /** Counts the action, whether it will succeed or not. */
  take(action: Action): void {
    this.#gasUsed += intrinsicGas(action)
    const lane = laneOf(action)
    if (lane !== undefined) this.#lanes.add(lane)
    const counted = countedAs(action)
    if (counted !== undefined) this.#left[counted]--
  }

  takeGram(gram: number): void {
    this.#gramUsed += gram
  }
}

/** Whether it spends outputs, which their scripts decide. */
export const hasScripts = (action: Action): action is Extract<Action, { readonly kind: 'LANE' | 'COVENANT' }> =>
  (action.kind === 'LANE' || action.kind === 'COVENANT') && action.inputs.length > 0

function laneOf(action: Action): string | undefined {
  const isLanes = action.kind === 'LANE' || action.kind === 'COVENANT'
  return isLanes && action.laneId !== undefined ? hexKey(action.laneId) : undefined
}

function countedAs(action: Action): CountedReason | undefined {
  if (action.kind === 'SUBMIT_RESULT') return 'results'
  if (action.kind === 'SUBMIT_EVIDENCE') return 'evidence'
  return action.kind === 'STAKE' && action.registration !== undefined ? 'registrations' : undefined
}
