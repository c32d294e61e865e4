import { suggestedPriorityFee } from '../ethereum/fees.ts'
import { defineMethod } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const eth_maxPriorityFeePerGas = defineMethod({
  name: 'eth_maxPriorityFeePerGas',
  summary: 'Suggested priority fee in wei per gas, from what the last 20 blocks were paid.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x3e8' },
  handler: ({ node }) => quantity(suggestedPriorityFee(node)),
})
