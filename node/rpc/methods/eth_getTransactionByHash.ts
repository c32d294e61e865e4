import { fromHex } from '../../../core/bytes.ts'
import { placeOf } from '../ethereum/block.ts'
import { exampleTransaction } from '../ethereum/examples.ts'
import { TransactionObject, transactionJson } from '../ethereum/transaction.ts'
import { defineMethod, required } from '../method.ts'
import { Hash32, Nullable } from '../schema.ts'

export const eth_getTransactionByHash = defineMethod({
  name: 'eth_getTransactionByHash',
  summary: 'A transaction of the chain or the mempool; null when neither has it.',
  params: [required('hash', Hash32)],
  result: Nullable(TransactionObject),
  example: { params: [exampleTransaction.hash], result: exampleTransaction },
  handler: ({ node }, hashText) => {
    const hash = fromHex(hashText)
    const found = node.transactionByHash(hash)
    if (found !== undefined) {
      return transactionJson(found.executed.transactions[found.index]!, placeOf(found.executed, found.index))
    }
    const waiting = node.pool().get(hash)
    return waiting === undefined ? null : transactionJson(waiting.transaction, undefined)
  },
})
