/** The mempool as geth's `txpool_` methods list it: status, then sender, then nonce. */
import { checksumAddress } from '../../../core/address.ts'
import { type Address, equalBytes } from '../../../core/bytes.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import type { NodeApi } from '../../api.ts'

/** 4 MB of answer; who needs all of a full mempool follows `newPendingTransactions`. */
export const MAX_LISTED = 5_000

type Listing<T> = Record<string, Record<string, T>>

export function listPool<T>(
  node: NodeApi,
  view: (transaction: Transaction) => T,
  sender?: Address,
): { readonly pending: Listing<T>; readonly queued: Listing<T> } {
  const listing: { pending: Listing<T>; queued: Listing<T> } = { pending: {}, queued: {} }
  let listed = 0
  for (const { transaction, status } of node.pool().entries()) {
    if (sender !== undefined && !equalBytes(transaction.from, sender)) continue
    if (listed++ === MAX_LISTED) break
    const from = checksumAddress(transaction.from)
    listing[status][from] ??= {}
    listing[status][from][transaction.nonce] = view(transaction)
  }
  return listing
}
