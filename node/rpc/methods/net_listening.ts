import { defineMethod, Type } from '../method.ts'

export const net_listening = defineMethod({
  name: 'net_listening',
  summary: 'Always true: a node that answers takes part in its network.',
  params: [],
  result: Type.Boolean(),
  example: { params: [], result: true },
  handler: () => true,
})
