import { fromHex } from '../../../core/bytes.ts'
import { BlockObject, blockJson } from '../ethereum/block.ts'
import { exampleBlock } from '../ethereum/examples.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { Hash32, Nullable } from '../schema.ts'

export const eth_getBlockByHash = defineMethod({
  name: 'eth_getBlockByHash',
  summary: 'A block by hash, with transaction hashes or (`full`) whole transactions; null when there is none.',
  params: [required('blockHash', Hash32), optional('full', Type.Boolean({ description: 'true or false' }))],
  result: Nullable(BlockObject),
  example: { params: [exampleBlock.hash, false], result: exampleBlock },
  handler: ({ node }, blockHash, full = false) => {
    const executed = node.blockByHash(fromHex(blockHash))
    return executed === undefined ? null : blockJson(executed, full)
  },
})
