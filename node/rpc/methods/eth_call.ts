import { requireState } from '../block-ref.ts'
import { TransactionRequest } from '../ethereum/request.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { BlockRef, Data } from '../schema.ts'

const Overrides = Type.Object({}, { additionalProperties: true, description: 'an object, which is ignored' })

export const eth_call = defineMethod({
  name: 'eth_call',
  summary: 'Always `0x`: there is no EVM, and a call to an account without code returns nothing.',
  params: [
    required('transaction', TransactionRequest),
    optional('block', BlockRef),
    optional('stateOverrides', Overrides),
    optional('blockOverrides', Overrides),
  ],
  result: Data,
  example: {
    params: [{ to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', data: '0x06fdde03' }, 'latest'],
    result: '0x',
  },
  handler: ({ node }, _transaction, block = 'latest') => {
    requireState(node, block)
    return '0x'
  },
})
