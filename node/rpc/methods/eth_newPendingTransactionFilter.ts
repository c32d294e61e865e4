import { defineMethod } from '../method.ts'
import { Quantity } from '../schema.ts'

export const eth_newPendingTransactionFilter = defineMethod({
  name: 'eth_newPendingTransactionFilter',
  summary: 'A filter for the hashes of transactions that enter the mempool. Forgotten when not asked for five minutes.',
  params: [],
  result: Quantity,
  example: { params: [], result: '0x8f3a1c0e55d2b7f6a9184c7de0b3921f' },
  handler: ({ filters }) => filters.create('transaction'),
})
