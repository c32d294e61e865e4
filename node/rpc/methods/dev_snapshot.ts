import { defineMethod, devControls } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const dev_snapshot = defineMethod({
  name: 'dev_snapshot',
  summary: 'Remembers the whole devnet as it is now; answers with an id for dev_revert. Devnets only.',
  params: [],
  result: Quantity,
  devOnly: true,
  aliases: ['evm_snapshot'],
  example: { params: [], result: '0x1' },
  handler: async (context) => quantity(await devControls(context).snapshot()),
})
