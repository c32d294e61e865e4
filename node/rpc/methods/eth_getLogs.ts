import { checkLogFilter, LogFilter } from '../ethereum/log-filter.ts'
import { defineMethod, required, Type } from '../method.ts'

export const eth_getLogs = defineMethod({
  name: 'eth_getLogs',
  summary: 'Always empty: there is no EVM, so nothing writes logs. The filter is checked all the same.',
  params: [required('filter', LogFilter)],
  result: Type.Array(Type.Never()),
  example: { params: [{ fromBlock: '0x0', toBlock: 'latest' }], result: [] },
  handler: ({ node }, filter) => {
    checkLogFilter(node, filter)
    return []
  },
})
