import { blockAt } from '../block-ref.ts'
import { exampleReceipt } from '../ethereum/examples.ts'
import { ReceiptObject, receiptsJson } from '../ethereum/receipt.ts'
import { defineMethod, required, Type } from '../method.ts'
import { BlockRef, Hash32, Nullable } from '../schema.ts'

const BlockOrHash = Type.Union([...BlockRef.anyOf, Hash32], { description: `${BlockRef.description}, or a block hash` })

export const eth_getBlockReceipts = defineMethod({
  name: 'eth_getBlockReceipts',
  summary: 'All receipts of a block in order; null when there is no such block.',
  params: [required('block', BlockOrHash)],
  result: Nullable(Type.Array(ReceiptObject)),
  example: { params: ['0x2'], result: [exampleReceipt] },
  handler: ({ node }, block) => {
    // 32 bytes are no height that any chain reaches.
    const isHash = typeof block === 'string' && block.length === 66
    const executed = blockAt(node, isHash ? { blockHash: block } : block)
    return executed === undefined ? null : receiptsJson(executed)
  },
})
