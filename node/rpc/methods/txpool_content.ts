import { examplePending } from '../ethereum/examples.ts'
import { listPool, MAX_LISTED } from '../ethereum/pool.ts'
import { TransactionObject, transactionJson } from '../ethereum/transaction.ts'
import { defineMethod, Type } from '../method.ts'

const BySender = Type.Record(Type.String(), Type.Record(Type.String(), TransactionObject))

export const txpool_content = defineMethod({
  name: 'txpool_content',
  summary: `The mempool's transactions by sender and nonce, at most ${MAX_LISTED} of them.`,
  params: [],
  result: Type.Object({ pending: BySender, queued: BySender }),
  example: { params: [], result: { pending: { [examplePending.from]: { '1': examplePending } }, queued: {} } },
  handler: ({ node }) => listPool(node, (transaction) => transactionJson(transaction, undefined)),
})
