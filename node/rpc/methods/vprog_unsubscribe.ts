import { defineMethod, required, Type } from '../method.ts'
import { QuantityParam } from '../schema.ts'

export const vprog_unsubscribe = defineMethod({
  name: 'vprog_unsubscribe',
  summary: 'Ends a subscription of this connection; false when there is none of this id.',
  params: [required('subscription', QuantityParam)],
  result: Type.Boolean(),
  example: { params: ['0x9ce59a13059e417087c02d3236a0b1cc'], result: true },
  handler: ({ connection }, id) => connection?.unsubscribe(id) ?? false,
})
