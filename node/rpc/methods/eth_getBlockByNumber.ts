import { blockAt } from '../block-ref.ts'
import { BlockObject, blockJson } from '../ethereum/block.ts'
import { exampleBlock } from '../ethereum/examples.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { BlockNumberParam, Nullable } from '../schema.ts'

export const eth_getBlockByNumber = defineMethod({
  name: 'eth_getBlockByNumber',
  summary: 'A block by number or tag, with transaction hashes or (`full`) whole transactions; null when there is none.',
  params: [required('block', BlockNumberParam), optional('full', Type.Boolean({ description: 'true or false' }))],
  result: Nullable(BlockObject),
  example: { params: ['0x2', false], result: exampleBlock },
  handler: ({ node }, block, full = false) => {
    const executed = blockAt(node, block)
    return executed === undefined ? null : blockJson(executed, full)
  },
})
