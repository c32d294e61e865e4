import { defineMethod, Type } from '../method.ts'

export const web3_clientVersion = defineMethod({
  name: 'web3_clientVersion',
  summary: 'Name and version of this program.',
  params: [],
  result: Type.String(),
  example: { params: [], result: 'quern/0.1.0/linux-x64/node20.20.0' },
  handler: ({ clientVersion }) => clientVersion,
})
