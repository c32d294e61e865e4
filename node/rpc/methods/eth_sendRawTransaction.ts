import { transactionRejected } from '../errors.ts'
import { defineMethod, required } from '../method.ts'
import { DataParam, data, Hash32, readData } from '../schema.ts'

export const eth_sendRawTransaction = defineMethod({
  name: 'eth_sendRawTransaction',
  summary: 'Admits a signed transaction to the mempool and relays it; answers its hash. Refusals carry a tag.',
  params: [required('transaction', DataParam)],
  result: Hash32,
  example: {
    params: [
      '0x02f870826644808207d08227108252089470997970c51812dc3a010c7d01b50e0d17dc79c8880de0b6b3a764000080c080a06907732fcab21322657185829ed4b093d981d6d7583d2d3b9637ebabb50ebf9da051103f8e8f755629fb5b9399f043b7104daa2550c11633cb622484deb482d2aa',
    ],
    result: '0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47',
  },
  handler: async ({ node }, transaction) => {
    const sent = await node.submit(readData(transaction, 'transaction'))
    if (!sent.ok) throw transactionRejected(sent.error)
    return data(sent.value)
  },
})
