/**
 * What happened to lanes and covenants, found by index: in final blocks and in those above them up to the notarised tip, as
 * of the moment of the call. Only transactions that succeeded did anything. Below `holdings().blocksFrom` nothing is known,
 * so whoever asks for a range that begins there refuses it with `BLOCK_PRUNED`.
 *
 * Ranges are read from the store while other things happen, so they come as promises; single rows are read at once.
 */
import type { Hash } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { Outpoint } from '../../vm/kip/types.ts'

/** Where a transaction stands in the chain. */
export interface TransactionPlace {
  readonly height: number
  readonly index: number
}

/** Rows of one answer. Some 100 KB in memory; whoever wants more asks on behind the last. */
export const MAX_HISTORY_ROWS = 1_024

export interface VprogHistory {
  /** Ascending heights within [from, to] of blocks with activity of the lane; at most `limit`. */
  laneHeights(laneKey: Hash, from: number, to: number, limit: number): Promise<number[]>
  /** Transactions that made outputs bound to the covenant, oldest first, after `after`; at most `limit`. */
  covenantTransactions(
    covenantId: Hash,
    after: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]>
  /** Descending heights from `to` on down of blocks with activity of the lane; at most `limit`. */
  newestLaneHeights(laneKey: Hash, to: number, limit: number): Promise<number[]>
  /** As `covenantTransactions`, newest first, before `before`. */
  newestCovenantTransactions(
    covenantId: Hash,
    before: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]>
  /** Of covenants with such transactions, in ascending order after `after`; at most `limit`. */
  covenantIds(after: Hash | undefined, limit: number): Promise<Hash[]>
  /** The transaction that spent the output. */
  spentBy(outpoint: Outpoint): TransactionPlace | undefined
  /** The transaction of kind 16 or 17 with this KIP id. */
  transactionByKipId(txId: Hash): TransactionPlace | undefined
}

export const comparePlaces = (a: TransactionPlace, b: TransactionPlace): number =>
  a.height - b.height || a.index - b.index

/** @throws QuernError `ASSERTION_FAILED`: limits from outside are checked where they come in */
export function assertLimit(limit: number): void {
  assert(Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_HISTORY_ROWS, 'a limit of rows is out of bounds', {
    limit,
  })
}
