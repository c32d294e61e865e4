import { mineBlocks } from '../dev/mine.ts'
import { readSeconds, setNextTimestamp } from '../dev/time.ts'
import { defineMethod, devControls, optional, Type } from '../method.ts'
import { NumberParam, Quantity, readNumber } from '../schema.ts'

const Options = Type.Object(
  { timestamp: Type.Optional(NumberParam), blocks: Type.Optional(NumberParam) },
  { additionalProperties: false },
)

export const evm_mine = defineMethod({
  name: 'evm_mine',
  summary:
    'Makes a block without waiting for the block interval, at a Unix time in seconds if one is given; or {blocks, ' +
    'timestamp}. Devnets only.',
  params: [
    optional('timestamp', Type.Union([NumberParam, Options], { description: 'seconds, or {blocks, timestamp}' })),
  ],
  result: Quantity,
  devOnly: true,
  example: { params: [], result: '0x0' },
  handler: async (context, given) => {
    const { timestamp, blocks = 1 } = typeof given === 'object' ? given : { timestamp: given }
    const dev = devControls(context)
    const count = readNumber(blocks, 'blocks')
    if (timestamp !== undefined) setNextTimestamp(context.node, dev, readSeconds(timestamp, 'timestamp'))
    await mineBlocks(context.node, dev, count, 0)
    return '0x0'
  },
})
