/** Receipts as Ethereum clients read them, with an extra `error` where the status is 0. gasUsed includes gram. PROTOCOL 12. */
import type { ExecutedBlock } from '../../api.ts'
import { type Static, Type } from '../method.ts'
import { address, Data, data, Hash32, HexAddress, Nullable, Quantity, quantity } from '../schema.ts'
import { EMPTY_BLOOM } from './block.ts'
import { recipientOf, TYPE_BYTE } from './transaction.ts'

export const ReceiptObject = Type.Object(
  {
    transactionHash: Hash32,
    transactionIndex: Quantity,
    blockHash: Hash32,
    blockNumber: Quantity,
    from: HexAddress,
    to: Nullable(HexAddress),
    type: Quantity,
    status: Quantity,
    error: Type.Optional(Type.String({ description: 'stable code of why a transaction of status 0 failed' })),
    gasUsed: Quantity,
    cumulativeGasUsed: Quantity,
    effectiveGasPrice: Quantity,
    contractAddress: Type.Null(),
    logs: Type.Array(Type.Never(), { description: 'always empty: there is no EVM' }),
    logsBloom: Data,
  },
  { additionalProperties: false },
)
export type ReceiptJson = Static<typeof ReceiptObject>

/** Receipts `from` to `to` (excluded) of a block. */
function receiptRange({ block, transactions, receipts }: ExecutedBlock, from: number, to: number): ReceiptJson[] {
  const blockHash = data(block.hash)
  const blockNumber = quantity(block.header.height)
  return receipts.slice(from, to).map((receipt, offset) => {
    const index = from + offset
    const transaction = transactions[index]!
    return {
      transactionHash: data(transaction.hash),
      transactionIndex: quantity(index),
      blockHash,
      blockNumber,
      from: address(transaction.from),
      to: recipientOf(transaction),
      type: TYPE_BYTE[transaction.type],
      status: quantity(receipt.status),
      ...(receipt.error === undefined ? {} : { error: receipt.error }),
      gasUsed: quantity(receipt.gasUsed + receipt.gramUsed),
      cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
      effectiveGasPrice: quantity(receipt.effectiveGasPrice),
      contractAddress: null,
      logs: [],
      logsBloom: EMPTY_BLOOM,
    }
  })
}

export const receiptsJson = (executed: ExecutedBlock): ReceiptJson[] =>
  receiptRange(executed, 0, executed.transactions.length)

export const receiptJson = (executed: ExecutedBlock, index: number): ReceiptJson =>
  receiptRange(executed, index, index + 1)[0]!
