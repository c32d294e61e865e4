import { fromHex } from '../../../core/bytes.ts'
import { exampleBlock } from '../ethereum/examples.ts'
import { defineMethod, required } from '../method.ts'
import { Hash32, Nullable, Quantity, quantity } from '../schema.ts'

export const eth_getBlockTransactionCountByHash = defineMethod({
  name: 'eth_getBlockTransactionCountByHash',
  summary: 'Number of transactions in a block; null when there is no such block.',
  params: [required('blockHash', Hash32)],
  result: Nullable(Quantity),
  example: { params: [exampleBlock.hash], result: '0x1' },
  handler: ({ node }, blockHash) => {
    const executed = node.blockByHash(fromHex(blockHash))
    return executed === undefined ? null : quantity(executed.transactions.length)
  },
})
