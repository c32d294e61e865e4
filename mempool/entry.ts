/** One waiting transaction with what the pool needs to rank it. */
import { hexKey } from '../core/bytes.ts'
import { upFrontCostWei } from '../vm/execution/includable.ts'
import type { FeeCaps } from '../vm/fees.ts'
import type { Transaction } from '../vm/transaction/types.ts'

export interface Entry {
  readonly transaction: Transaction
  readonly hashKey: string
  readonly senderKey: string
  /** What the sender must hold for it: value + gasLimit * maxFeePerGas (PROTOCOL 2). */
  readonly costWei: bigint
  /** Counts up; earlier arrivals win ties. */
  readonly arrival: number
  readonly addedAtMs: number
  /**
   * Lowest of each fee field over this and all lower nonces of its sender: a leader can only have this transaction
   * after taking those, so it is worth no more than the cheapest of them.
   */
  floor: FeeCaps
}

export function makeEntry(transaction: Transaction, senderKey: string, arrival: number, addedAtMs: number): Entry {
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  return {
    transaction,
    hashKey: hexKey(transaction.hash),
    senderKey,
    costWei: upFrontCostWei(transaction),
    arrival,
    addedAtMs,
    floor: { maxFeePerGas, maxPriorityFeePerGas },
  }
}

function lower(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

/**
 * Field by field. The lowest effective price of a set of caps, min(maxFee, baseFee + priority), is that of their
 * field-wise minimum, at every base fee.
 */
export const lowerCaps = (a: FeeCaps, b: FeeCaps): FeeCaps => ({
  maxFeePerGas: lower(a.maxFeePerGas, b.maxFeePerGas),
  maxPriorityFeePerGas: lower(a.maxPriorityFeePerGas, b.maxPriorityFeePerGas),
})
