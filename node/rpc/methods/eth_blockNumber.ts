import { defineMethod } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const eth_blockNumber = defineMethod({
  name: 'eth_blockNumber',
  summary: 'Height of the newest notarised block (tag `latest`), which may still be abandoned.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x4b7' },
  handler: ({ node }) => quantity(node.latest().height),
})
