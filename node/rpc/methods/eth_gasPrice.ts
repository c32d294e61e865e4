import { suggestedPriorityFee } from '../ethereum/fees.ts'
import { defineMethod } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const eth_gasPrice = defineMethod({
  name: 'eth_gasPrice',
  summary: 'A price in wei per gas that the next block should take: its base fee and the suggested priority fee.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x7d0' },
  handler: ({ node }) => quantity(node.nextBaseFee() + suggestedPriorityFee(node)),
})
