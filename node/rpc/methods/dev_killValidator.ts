import { defineMethod, devControls, required, Type } from '../method.ts'
import { NumberParam, readNumber } from '../schema.ts'

export const dev_killValidator = defineMethod({
  name: 'dev_killValidator',
  summary:
    "Ends a validator's node as kill -9 does, with no goodbye and nothing saved; dev_restartValidator brings it back. " +
    'Devnets only.',
  params: [required('validator', NumberParam)],
  result: Type.Null(),
  devOnly: true,
  example: { params: [1], result: null },
  handler: async (context, validator) => {
    await devControls(context).killValidator(readNumber(validator, 'validator'))
    return null
  },
})
