import { checksumAddress } from '../../../core/address.ts'
import { examplePending } from '../ethereum/examples.ts'
import { listPool } from '../ethereum/pool.ts'
import { TransactionObject, transactionJson } from '../ethereum/transaction.ts'
import { defineMethod, required, Type } from '../method.ts'
import { AddressParam, readAddress } from '../schema.ts'

const ByNonce = Type.Record(Type.String(), TransactionObject)

export const txpool_contentFrom = defineMethod({
  name: 'txpool_contentFrom',
  summary: "One sender's transactions in the mempool, by nonce.",
  params: [required('address', AddressParam)],
  result: Type.Object({ pending: ByNonce, queued: ByNonce }),
  example: { params: [examplePending.from], result: { pending: { '1': examplePending }, queued: {} } },
  handler: ({ node }, address) => {
    const sender = readAddress(address)
    const { pending, queued } = listPool(node, (transaction) => transactionJson(transaction, undefined), sender)
    const key = checksumAddress(sender)
    return { pending: pending[key] ?? {}, queued: queued[key] ?? {} }
  },
})
