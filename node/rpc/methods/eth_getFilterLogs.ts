import { invalidParams } from '../errors.ts'
import { defineMethod, required, Type } from '../method.ts'
import { QuantityParam } from '../schema.ts'

export const eth_getFilterLogs = defineMethod({
  name: 'eth_getFilterLogs',
  summary: 'All logs that match a log filter: none, since there is no EVM.',
  params: [required('id', QuantityParam)],
  result: Type.Array(Type.Never()),
  example: { params: ['0x8f3a1c0e55d2b7f6a9184c7de0b3921f'], result: [] },
  handler: ({ filters }, id) => {
    const kind = filters.kindOf(id)
    if (kind !== undefined && kind !== 'log')
      throw invalidParams('this filter is not for logs: use eth_getFilterChanges')
    return filters.changes(id)
  },
})
