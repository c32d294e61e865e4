import { mineBlocks } from '../dev/mine.ts'
import { readSeconds } from '../dev/time.ts'
import { defineMethod, devControls, optional, Type } from '../method.ts'
import { NumberParam, readNumber } from '../schema.ts'

export const dev_mine = defineMethod({
  name: 'dev_mine',
  summary:
    'Makes blocks (default 1) without waiting for the block interval, the later ones `interval` seconds after each ' +
    'other where that is given, and answers when they are at the tip. Devnets only.',
  params: [optional('blocks', NumberParam), optional('interval', NumberParam)],
  result: Type.Null(),
  devOnly: true,
  aliases: ['anvil_mine'],
  example: { params: [3], result: null },
  handler: async (context, blocks = 1, interval = 0) => {
    await mineBlocks(
      context.node,
      devControls(context),
      readNumber(blocks, 'blocks'),
      readSeconds(interval, 'interval'),
    )
    return null
  },
})
