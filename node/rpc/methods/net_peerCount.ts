import { defineMethod } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const net_peerCount = defineMethod({
  name: 'net_peerCount',
  summary: 'Number of connected peers.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x3' },
  handler: ({ node }) => quantity(node.peerCount()),
})
