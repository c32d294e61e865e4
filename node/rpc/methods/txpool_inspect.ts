import { valueWei } from '../../../vm/transaction/types.ts'
import { listPool, MAX_LISTED } from '../ethereum/pool.ts'
import { recipientOf } from '../ethereum/transaction.ts'
import { defineMethod, Type } from '../method.ts'

const BySender = Type.Record(Type.String(), Type.Record(Type.String(), Type.String()))

export const txpool_inspect = defineMethod({
  name: 'txpool_inspect',
  summary: `The mempool as text by sender and nonce, at most ${MAX_LISTED} transactions.`,
  params: [],
  result: Type.Object({ pending: BySender, queued: BySender }),
  example: {
    params: [],
    result: {
      pending: {
        '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266': {
          '1': '0x70997970C51812dc3A010C7d01b50e0d17dc79C8: 1 wei + 21000 gas × 3000 wei',
        },
      },
      queued: {},
    },
  },
  handler: ({ node }) =>
    listPool(node, (transaction) => {
      const to = recipientOf(transaction) ?? transaction.action.kind
      return `${to}: ${valueWei(transaction.action)} wei + ${transaction.gasLimit} gas × ${transaction.maxFeePerGas} wei`
    }),
})
