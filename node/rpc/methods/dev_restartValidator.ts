import { defineMethod, devControls, required, Type } from '../method.ts'
import { NumberParam, readNumber } from '../schema.ts'

export const dev_restartValidator = defineMethod({
  name: 'dev_restartValidator',
  summary:
    'Starts a killed validator again on what its disk holds, and answers when it takes part; does nothing when it runs. ' +
    'Devnets only.',
  params: [required('validator', NumberParam)],
  result: Type.Null(),
  devOnly: true,
  example: { params: [1], result: null },
  handler: async (context, validator) => {
    await devControls(context).restartValidator(readNumber(validator, 'validator'))
    return null
  },
})
