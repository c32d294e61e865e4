import { defineMethod, Type } from '../method.ts'

export const net_version = defineMethod({
  name: 'net_version',
  summary: 'Network id as a decimal string: the chain id.',
  params: [],
  result: Type.String({ pattern: '^[0-9]+$' }),
  example: { params: [], result: '26180' },
  handler: ({ node }) => node.genesis.params.chainId.toString(),
})
