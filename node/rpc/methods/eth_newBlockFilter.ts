import { defineMethod } from '../method.ts'
import { Quantity } from '../schema.ts'

export const eth_newBlockFilter = defineMethod({
  name: 'eth_newBlockFilter',
  summary: 'A filter for the hashes of new blocks. Forgotten when not asked for five minutes.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x8f3a1c0e55d2b7f6a9184c7de0b3921f' },
  handler: ({ filters }) => filters.create('block'),
})
