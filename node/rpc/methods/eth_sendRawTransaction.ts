import { transactionRejected } from '../errors.ts'
import { defineMethod, required } from '../method.ts'
import { DataParam, data, Hash32, readData } from '../schema.ts'

export const eth_sendRawTransaction = defineMethod({
  name: 'eth_sendRawTransaction',
  summary: 'Admits a signed transaction to the mempool and relays it; answers its hash. Refusals carry a tag.',
  params: [required('transaction', DataParam)],
  result: Hash32,
  example: {
    params: ['0x02f86d8266448080841dcd6500825208'],
    result: '0x9b1f5ff1b6f5e1d2b8a09d9c8e9c4a7a3b7d3f4e5d6c7b8a99887766554433ff',
  },
  handler: async ({ node }, transaction) => {
    const sent = await node.submit(readData(transaction, 'transaction'))
    if (!sent.ok) throw transactionRejected(sent.error)
    return data(sent.value)
  },
})
