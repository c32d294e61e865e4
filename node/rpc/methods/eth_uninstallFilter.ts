import { defineMethod, required, Type } from '../method.ts'
import { QuantityParam } from '../schema.ts'

export const eth_uninstallFilter = defineMethod({
  name: 'eth_uninstallFilter',
  summary: 'Forgets a filter; false when there was none.',
  params: [required('id', QuantityParam)],
  result: Type.Boolean(),
  example: { params: ['0x8f3a1c0e55d2b7f6a9184c7de0b3921f'], result: true },
  handler: ({ filters }, id) => filters.remove(id),
})
