/** What execution takes and gives. PROTOCOL 2 (fees, refusals), 4.4. */
import type { Address, Hash } from '../../core/bytes.ts'
import type { Failure } from '../../core/errors.ts'
import type { SpendErrorCode } from '../covenant/types.ts'
import type { ChainParams } from '../params.ts'
import type { StateView, StateWrite } from '../state/view.ts'
import type { Action, ComputeResult, Transaction } from '../transaction/types.ts'
import type { ValidatorSet } from '../validator-set.ts'
import type { ProofVerifier } from '../zk/verify.ts'

/** Everything outside the state that a block's execution may depend on: its own header fields and its parent. */
export interface BlockContext {
  readonly height: number
  readonly epoch: number
  readonly view: number
  readonly timestampMs: number
  readonly proposer: Address
  readonly randomnessReveal: Uint8Array
  readonly baseFeePerGas: bigint
  readonly parent: {
    readonly hash: Hash
    readonly height: number
    readonly epoch: number
    readonly view: number
    readonly timestampMs: number
    readonly proposer: Address
    readonly seqCommit: Hash
  }
  /** Who signed the parent's notarization: indexes into the set of `parent.epoch`. Empty for block 1. */
  readonly parentSigners: readonly number[]
}

/** The kernel that recomputes one tile: chosen by the node, identical in every answer (PROTOCOL 6.2). */
export interface TileKernel {
  /** 16 x 16 exact int32 dot products, row-major, of rows 16I.. of A and columns 16J.. of B. */
  tile(keyA: Hash, keyB: Hash, n: number, tileRow: number, tileColumn: number): Int32Array
}

/** Signature checks the state machine needs; the same scheme as consensus (core/bls.ts) unless a test stands in. */
export interface VerifySignature {
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Absent on chains, and before heights, without vProgs. */
export interface VprogRules {
  /** `activations.vprogs` of the genesis. */
  readonly fromHeight: number
  /** Decides proofs in scripts; every node's gives the same verdicts. */
  readonly proofs: ProofVerifier
}

export interface ExecutionRules {
  readonly params: ChainParams
  readonly vprogs?: VprogRules
  /** What validators sign names the chain by it: two chains with one chain id share no vote. */
  readonly genesisHash: Hash
  readonly kernel: TileKernel
  readonly bls: VerifySignature
}

/** Gram is used whether the transaction succeeds or not. */
export interface GramMeter {
  readonly limit: number
  /** Wei per gram. */
  readonly price: bigint
  used: number
  /** Script units that it is made of, by input; of kinds 16 and 17. */
  units?: readonly number[]
}

/** What a kind's handler gets. `charge` has been taken and the nonce raised before it runs. */
export interface ActionContext {
  readonly state: StateView
  readonly block: BlockContext
  readonly rules: ExecutionRules
  readonly sender: Address
  /** Of the transaction. */
  readonly nonce: number
  /** What its gas limit leaves for scripts, and what it pays for each gram. */
  readonly gram: GramMeter
  /** The set of the block's epoch. */
  readonly set: ValidatorSet
}

/**
 * A kind's rule. It decides everything before its first write: returning a failure after a write is a bug that
 * execution asserts against. `undefined` = done.
 */
export type ActionHandler<K extends Action['kind']> = (
  action: Extract<Action, { kind: K }>,
  context: ActionContext,
) => Failure<ActionErrorCode> | undefined

/** Decided by state or by a proof: included and failed in a block, refused in the mempool. */
export type ActionErrorCode =
  | 'INSUFFICIENT_BALANCE'
  | 'AMOUNT_ZERO'
  | 'VALIDATOR_UNKNOWN'
  | 'VALIDATOR_EXISTS'
  | 'VALIDATOR_TOMBSTONED'
  | 'VALIDATOR_WIPED_OUT'
  | 'VALIDATOR_NOT_JAILED'
  | 'VALIDATOR_STILL_JAILED'
  | 'BLS_KEY_IN_USE'
  | 'BLS_KEY_MISSING'
  | 'PROOF_OF_POSSESSION_INVALID'
  | 'STAKE_TOO_SMALL'
  | 'STAKE_INSUFFICIENT'
  | 'DELEGATION_TOO_SMALL'
  | 'DELEGATION_UNKNOWN'
  | 'SHARES_INSUFFICIENT'
  | 'COMMISSION_OVER_CAP'
  | 'COMMISSION_STEP'
  | 'WORKERS_NOT_ACCEPTED'
  | 'CLAIM_NOTHING'
  | 'CLAIM_NOT_MATURED'
  | 'EVIDENCE_TOO_OLD'
  | 'EVIDENCE_NOT_CONFLICTING'
  | 'EVIDENCE_SIGNATURE_INVALID'
  | 'EVIDENCE_NOT_IN_SET'
  | 'EVIDENCE_ALREADY_PUNISHED'
  | 'RESULT_CHALLENGE_UNKNOWN'
  | 'RESULT_WORKER_NOT_SENDER'
  | 'RESULT_FIELDS_UNEXPECTED'
  | 'RESULT_MATRIX_SIZE'
  | 'RESULT_TILE_RANGE'
  | 'RESULT_SEED_STALE'
  | 'RESULT_SEED_TOO_NEW'
  | 'RESULT_ALREADY_CLAIMED'
  | 'RESULT_ABOVE_TARGET'
  | 'RESULT_TASK_ID'
  | 'RESULT_HASH_MISMATCH'
  | 'DEV_NOT_AUTHORISED'
  | Exclude<SpendErrorCode, 'INSUFFICIENT_BALANCE'>

/** A block that holds such a transaction is invalid; the mempool refuses it too. */
export type RefusalCode =
  | 'TX_MALFORMED'
  | 'TX_TOO_LARGE'
  | 'TX_SIGNATURE_INVALID'
  | 'TX_CHAIN_ID'
  | 'TX_UNPROTECTED'
  | 'TX_NO_EVM'
  | 'TX_KIND_UNKNOWN'
  | 'TX_KIND_INACTIVE'
  | 'TX_NONCE_TOO_LOW'
  | 'TX_NONCE_TOO_HIGH'
  | 'TX_GAS_TOO_LOW'
  | 'TX_GAS_OVER_BLOCK'
  | 'TX_FEE_BELOW_BASE'
  | 'TX_FEE_ORDER'
  | 'TX_INSUFFICIENT_FUNDS'

export interface Receipt {
  readonly status: 0 | 1
  /** Present when status is 0. */
  readonly error?: ActionErrorCode
  /** Of gas alone; what was paid for is gasUsed + gramUsed. */
  readonly gasUsed: number
  readonly gramUsed: number
  /** Of the block up to here: gas and gram. */
  readonly cumulativeGasUsed: number
  readonly effectiveGasPrice: bigint
}

/** A successful result with its place in the block. */
export interface AcceptedResult {
  readonly transaction: Transaction
  readonly result: ComputeResult
}

export interface BlockOutcome {
  readonly receipts: readonly Receipt[]
  readonly gasUsed: number
  readonly gramUsed: number
  readonly results: readonly AcceptedResult[]
  /** 32 zero bytes until vProgs are active. */
  readonly seqCommit: Hash
  /** D of the block's epoch, in MACs. */
  readonly difficulty: bigint
  readonly writes: readonly StateWrite[]
}
