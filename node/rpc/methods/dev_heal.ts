import { defineMethod, devControls, Type } from '../method.ts'

export const dev_heal = defineMethod({
  name: 'dev_heal',
  summary: 'Ends a partition: all nodes reach each other again. Devnets only.',
  params: [],
  result: Type.Null(),
  devOnly: true,
  example: { params: [], result: null },
  handler: async (context) => {
    await devControls(context).heal()
    return null
  },
})
