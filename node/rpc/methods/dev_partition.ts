import { defineMethod, devControls, required, Type } from '../method.ts'
import { Integer } from '../schema.ts'

/** As many as a devnet can have validators. */
const MAX_GROUPS = 32

export const dev_partition = defineMethod({
  name: 'dev_partition',
  summary:
    'Cuts the network into groups of validators (indexes) that do not reach each other until dev_heal; whoever is in none ' +
    'makes up one more. The node that answers here stays with the first group. Devnets only.',
  params: [
    required(
      'groups',
      Type.Array(Type.Array(Integer, { maxItems: MAX_GROUPS }), {
        maxItems: MAX_GROUPS,
        description: `a list of at most ${MAX_GROUPS} lists of validator indexes, such as [[0, 1], [2, 3]]`,
      }),
    ),
  ],
  result: Type.Null(),
  devOnly: true,
  example: {
    params: [
      [
        [0, 1],
        [2, 3],
      ],
    ],
    result: null,
  },
  handler: async (context, groups) => {
    await devControls(context).partition(groups)
    return null
  },
})
