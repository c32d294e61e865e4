import { blockAt } from '../block-ref.ts'
import { defineMethod, required } from '../method.ts'
import { BlockNumberParam, Nullable, Quantity, quantity } from '../schema.ts'

export const eth_getBlockTransactionCountByNumber = defineMethod({
  name: 'eth_getBlockTransactionCountByNumber',
  summary: 'Number of transactions in a block; null when there is no such block.',
  params: [required('block', BlockNumberParam)],
  result: Nullable(Quantity),
  example: { params: ['latest'], result: '0x1' },
  handler: ({ node }, block) => {
    const executed = blockAt(node, block)
    return executed === undefined ? null : quantity(executed.transactions.length)
  },
})
