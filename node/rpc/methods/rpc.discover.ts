import { defineMethod, Type } from '../method.ts'
import { openRpcDocument } from '../openrpc.ts'

export const rpc_discover = defineMethod({
  name: 'rpc.discover',
  summary: 'The OpenRPC document of everything this node answers (EIP-1901).',
  params: [],
  result: Type.Object(
    {
      openrpc: Type.String(),
      info: Type.Object({ title: Type.String(), version: Type.String() }, { additionalProperties: true }),
      methods: Type.Array(Type.Object({ name: Type.String() }, { additionalProperties: true })),
    },
    { additionalProperties: true },
  ),
  example: { params: [], result: { openrpc: '1.3.2', info: { title: 'Quern JSON-RPC', version: '1' }, methods: [] } },
  handler: ({ methods }) => openRpcDocument(methods),
})
