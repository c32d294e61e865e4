/** The OpenRPC 1.3 document (spec.open-rpc.org), made from the method files. */
import type { ParamSpec, RpcMethod } from './method.ts'

export const OPENRPC_VERSION = '1.3.2'
/** Of the interface: raised when a method or a field goes or changes its meaning. */
const INTERFACE_VERSION = '1'

const descriptor = ({ name, schema, optional }: ParamSpec) => ({ name, required: !optional, schema })

const methodObject = (method: RpcMethod, name: string) => ({
  name,
  summary: method.summary,
  paramStructure: 'either',
  params: method.params.map(descriptor),
  result: { name: 'result', schema: method.result },
  examples: [
    {
      name: 'example',
      params: method.example.params.map((value, i) => ({ name: method.params[i]?.name ?? `param${i}`, value })),
      result: { name: 'result', value: method.example.result },
    },
  ],
  ...(name === method.name ? {} : { 'x-alias-of': method.name }),
  ...(method.devOnly ? { 'x-devnet-only': true } : {}),
})

export const openRpcDocument = (methods: readonly RpcMethod[]) => ({
  openrpc: OPENRPC_VERSION,
  info: {
    title: 'Quern JSON-RPC',
    version: INTERFACE_VERSION,
    description: "Ethereum's methods for wallets and libraries, and the chain's own. Errors carry a stable `data.tag`.",
    license: { name: 'MIT' },
  },
  methods: methods.flatMap((method) => [method.name, ...method.aliases].map((name) => methodObject(method, name))),
})
