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

interface Fees {
  /** Wei per gas. */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** `failed` = included, charged, and not a result; `tag` is the receipt's error code. */
export type SubmissionStatus =
  | { readonly status: 'pending' }
  | { readonly status: 'accepted' }
  | { readonly status: 'failed'; readonly tag: string }

/**
 * Every method throws QuernError: `RPC_UNREACHABLE` when there was no answer (it may have arrived all the same),
 * `RPC_ANSWER_INVALID` when the answer makes no sense, otherwise the node's own code.
 */
export interface ChainClient {
  chainId(signal?: AbortSignal): Promise<number>
  getWork(signal?: AbortSignal): Promise<Work>
  /** Account nonce after the sender's transactions in the pool. */
  pendingNonce(address: Address, signal?: AbortSignal): Promise<number>
  fees(signal?: AbortSignal): Promise<Fees>
  /** Sending the same bytes again does no harm. */
  send(raw: Uint8Array, signal?: AbortSignal): Promise<void>
  status(transaction: Hash, signal?: AbortSignal): Promise<SubmissionStatus>
}
