/** What a worker asks of a chain, whatever carries it. `rpc-client.ts` is the one over JSON-RPC. */
import type { Address, Hash } from '../core/bytes.ts'

/** A block to work on, as `poc_getWork` names it. */
export interface Work {
  /** h: height of the newest final block. */
  readonly height: number
  readonly blockHash: Hash
  readonly epoch: number
  /** D for seed height h. */
  readonly difficultyMacs: bigint
  readonly matrixSizes: readonly number[]
  /** Last block height that may include a result seeded by h. */
  readonly expiresHeight: number
}

export interface FeeCaps {
  /** Wei per gas. */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

export interface Fees extends FeeCaps {
  /** What the next block takes, tip included: an offer below it waits for the base fee to fall. */
  readonly nextBlockPerGas: bigint
}

/** `failed` = included, charged, and not a result; `tag` is the receipt's error code. `height`: of the block it is in. */
export type SubmissionStatus =
  | { readonly status: 'pending' }
  | { readonly status: 'accepted'; readonly height: number }
  | { readonly status: 'failed'; readonly height: number; readonly tag: string }

/** Which chain: a reset one keeps its id and has another genesis. */
export interface ChainIdentity {
  readonly chainId: number
  readonly genesisHash: Hash
}

export interface Nonces {
  /** The account's, after the newest block. */
  readonly included: number
  /** After what waits in the node's pool without a gap. */
  readonly pending: number
}

export interface HeadWatch {
  /** False while nobody would tell of a new block: then ask. */
  isLive(): boolean
}

/**
 * Every method throws QuernError: `RPC_UNREACHABLE` when there was no answer (it may have arrived all the same),
 * `RPC_ANSWER_INVALID` when the answer makes no sense, otherwise the node's own code.
 */
export interface ChainClient {
  identity(signal?: AbortSignal): Promise<ChainIdentity>
  getWork(signal?: AbortSignal): Promise<Work>
  nonces(address: Address, signal?: AbortSignal): Promise<Nonces>
  fees(signal?: AbortSignal): Promise<Fees>
  /** Sending the same bytes again does no harm. */
  send(raw: Uint8Array, signal?: AbortSignal): Promise<void>
  status(transaction: Hash, signal?: AbortSignal): Promise<SubmissionStatus>
  /** Calls back soon after each new final block until `signal` is aborted; never throws. Absent where one can only ask. */
  watchHeads?(onHead: () => void, signal: AbortSignal): HeadWatch
}
