/** What transactions of kinds 16 and 17 ask for, and the bounds of it. PROTOCOL 8. */
import type { KipInput, KipOutput } from '../kip/types.ts'

export interface CovenantBody {
  readonly laneId: Uint8Array | undefined
  readonly payload: Uint8Array
  /** u64: a height, or milliseconds from 5 * 10^11 on. */
  readonly lockTime: bigint
  readonly inputs: readonly KipInput[]
  /** Values in grains. */
  readonly outputs: readonly KipOutput[]
}

/** A claim takes a covenant and eight deposits; what more a script may look at costs time with every opcode. */
export const MAX_INPUTS = 32
export const MAX_OUTPUTS = 32
/** As Kaspa's. */
export const MAX_SIGNATURE_SCRIPT_BYTES = 250_000
export const MAX_SPK_SCRIPT_BYTES = 10_000
/** Script numbers hold it. */
export const MAX_GRAINS = 2n ** 63n - 1n

export type SpendErrorCode =
  | 'OUTPUT_UNKNOWN'
  | 'OUTPUT_SPENT_TWICE'
  | 'OUTPUT_LOCKED'
  | 'TRANSACTION_LOCKED'
  | 'GRAINS_OVERFLOW'
  | 'INSUFFICIENT_BALANCE'
  | 'COVENANT_GENESIS_ID'
  | 'COVENANT_AUTHORIZING_INPUT'
  | 'SCRIPT_FAILED'
  | 'GRAM_EXCEEDED'
