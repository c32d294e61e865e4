import { checkLogFilter, LogFilter } from '../ethereum/log-filter.ts'
import { defineMethod, required } from '../method.ts'
import { Quantity } from '../schema.ts'

export const eth_newFilter = defineMethod({
  name: 'eth_newFilter',
  summary: 'A filter for logs, which never has changes. Forgotten when not asked for five minutes.',
  params: [required('filter', LogFilter)],
  result: Quantity,
  example: { params: [{}], result: '0x8f3a1c0e55d2b7f6a9184c7de0b3921f' },
  handler: ({ node, filters }, filter) => {
    checkLogFilter(node, filter)
    return filters.create('log')
  },
})
