/** Why the pool says no, or lets go, beyond what the state machine itself refuses. */
import type { ActionErrorCode, RefusalCode } from '../vm/execution/types.ts'

export type MempoolErrorCode =
  | 'TX_ALREADY_KNOWN'
  | 'REPLACEMENT_UNDERPRICED'
  | 'MEMPOOL_FULL'
  | 'SENDER_LIMIT'
  | 'NONCE_GAP_TOO_LARGE'
  | 'OVERDRAFT'
  /** The sender's last proofs were false. */
  | 'PROOF_TOO_SOON'

/** Everything `add` can answer. */
export type AddErrorCode = MempoolErrorCode | RefusalCode | ActionErrorCode

/** Why a waiting transaction left. The codes of vm mean that a later state no longer accepts it. */
export type DropReason =
  | 'INCLUDED'
  /** Another transaction with its nonce was included. */
  | 'NONCE_USED'
  /** The sender can no longer pay for all that waits. */
  | 'OVERDRAFT'
  | 'EXPIRED'
  | RefusalCode
  | ActionErrorCode
