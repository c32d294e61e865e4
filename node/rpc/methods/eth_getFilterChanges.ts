import { defineMethod, required, Type } from '../method.ts'
import { Hash32, QuantityParam } from '../schema.ts'

export const eth_getFilterChanges = defineMethod({
  name: 'eth_getFilterChanges',
  summary: 'Hashes since the last call, oldest first; FILTER_UNKNOWN once the filter is gone.',
  params: [required('id', QuantityParam)],
  result: Type.Array(Hash32),
  example: {
    params: ['0x8f3a1c0e55d2b7f6a9184c7de0b3921f'],
    result: ['0x2b5aab9f53f8a8d1b2cf4ec6a2a5d6c4f1f0b9a88776655443322110ffeeddcc'],
  },
  handler: ({ filters }, id) => filters.changes(id),
})
