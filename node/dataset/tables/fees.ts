/** What a block's transactions paid for gas, split into what is burned and what its proposer gets. PROTOCOL 2. */
import type { Receipt } from '../../../vm/execution/types.ts'

export const feeWei = ({ gasUsed, gramUsed, effectiveGasPrice }: Receipt): bigint =>
  BigInt(gasUsed + gramUsed) * effectiveGasPrice

export function feesOf(
  receipts: readonly Receipt[],
  baseFeePerGas: bigint,
): { burnedWei: bigint; priorityWei: bigint } {
  let burnedWei = 0n
  let paidWei = 0n
  for (const receipt of receipts) {
    burnedWei += BigInt(receipt.gasUsed + receipt.gramUsed) * baseFeePerGas
    paidWei += feeWei(receipt)
  }
  return { burnedWei, priorityWei: paidWei - burnedWei }
}
