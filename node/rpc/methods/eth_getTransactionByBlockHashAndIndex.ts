import { blockAt } from '../block-ref.ts'
import { transactionAt } from '../ethereum/block.ts'
import { exampleTransaction } from '../ethereum/examples.ts'
import { TransactionObject } from '../ethereum/transaction.ts'
import { defineMethod, required } from '../method.ts'
import { Hash32, Nullable, NumberParam, readNumber } from '../schema.ts'

export const eth_getTransactionByBlockHashAndIndex = defineMethod({
  name: 'eth_getTransactionByBlockHashAndIndex',
  summary: 'A transaction by its place in a block; null when there is none.',
  params: [required('blockHash', Hash32), required('index', NumberParam)],
  result: Nullable(TransactionObject),
  example: { params: [exampleTransaction.blockHash, '0x0'], result: exampleTransaction },
  handler: ({ node }, blockHash, index) => transactionAt(blockAt(node, { blockHash }), readNumber(index, 'index')),
})
