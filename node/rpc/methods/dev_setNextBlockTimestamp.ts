import { readSeconds, setNextTimestamp } from '../dev/time.ts'
import { defineMethod, devControls, required, Type } from '../method.ts'
import { NumberParam } from '../schema.ts'

export const dev_setNextBlockTimestamp = defineMethod({
  name: 'dev_setNextBlockTimestamp',
  summary: 'Sets the Unix time, in seconds, of the next block; time goes on from there. Devnets only.',
  params: [required('timestamp', NumberParam)],
  result: Type.Null(),
  devOnly: true,
  aliases: ['evm_setNextBlockTimestamp'],
  example: { params: [1893456000], result: null },
  handler: (context, timestamp) => {
    setNextTimestamp(context.node, devControls(context), readSeconds(timestamp, 'timestamp'))
    return null
  },
})
