import { fromHex } from '../../../core/bytes.ts'
import { exampleReceipt } from '../ethereum/examples.ts'
import { ReceiptObject, receiptJson } from '../ethereum/receipt.ts'
import { defineMethod, required } from '../method.ts'
import { Hash32, Nullable } from '../schema.ts'

export const eth_getTransactionReceipt = defineMethod({
  name: 'eth_getTransactionReceipt',
  summary: 'What became of a transaction; null until a block holds it. `error` says why one of status 0x0 failed.',
  params: [required('hash', Hash32)],
  result: Nullable(ReceiptObject),
  example: { params: [exampleReceipt.transactionHash], result: exampleReceipt },
  handler: ({ node }, hash) => {
    const found = node.transactionByHash(fromHex(hash))
    return found === undefined ? null : receiptJson(found.executed, found.index)
  },
})
