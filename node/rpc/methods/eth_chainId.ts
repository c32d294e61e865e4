import { defineMethod } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const eth_chainId = defineMethod({
  name: 'eth_chainId',
  summary: 'Chain id that transactions are signed for (EIP-155).',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x6644' },
  handler: ({ node }) => quantity(node.genesis.params.chainId),
})
