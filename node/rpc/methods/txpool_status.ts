import { defineMethod, Type } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const txpool_status = defineMethod({
  name: 'txpool_status',
  summary: 'How many transactions are ready (`pending`) and how many wait for an earlier nonce (`queued`).',
  params: [],
  result: Type.Object({ pending: Quantity, queued: Quantity }),
  example: { params: [], result: { pending: '0x2', queued: '0x0' } },
  handler: ({ node }) => {
    const { pending, queued } = node.pool().counts()
    return { pending: quantity(pending), queued: quantity(queued) }
  },
})
