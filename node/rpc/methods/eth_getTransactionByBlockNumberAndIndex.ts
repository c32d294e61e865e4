import { blockAt } from '../block-ref.ts'
import { transactionAt } from '../ethereum/block.ts'
import { exampleTransaction } from '../ethereum/examples.ts'
import { TransactionObject } from '../ethereum/transaction.ts'
import { defineMethod, required } from '../method.ts'
import { BlockNumberParam, Nullable, NumberParam, readNumber } from '../schema.ts'

export const eth_getTransactionByBlockNumberAndIndex = defineMethod({
  name: 'eth_getTransactionByBlockNumberAndIndex',
  summary: 'A transaction by its place in a block; null when there is none.',
  params: [required('block', BlockNumberParam), required('index', NumberParam)],
  result: Nullable(TransactionObject),
  example: { params: [exampleTransaction.blockNumber, '0x0'], result: exampleTransaction },
  handler: ({ node }, block, index) => transactionAt(blockAt(node, block), readNumber(index, 'index')),
})
