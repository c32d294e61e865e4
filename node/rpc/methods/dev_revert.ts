import { defineMethod, devControls, required, Type } from '../method.ts'
import { NumberParam, readNumber } from '../schema.ts'

export const dev_revert = defineMethod({
  name: 'dev_revert',
  summary:
    'Takes the whole devnet back to a snapshot; false when there is none of this id. The snapshot and all later ones are ' +
    'used up. Devnets only.',
  params: [required('id', NumberParam)],
  result: Type.Boolean(),
  devOnly: true,
  aliases: ['evm_revert'],
  example: { params: ['0x1'], result: true },
  handler: (context, id) => devControls(context).revert(readNumber(id, 'id')),
})
