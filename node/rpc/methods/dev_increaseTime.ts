import { readSeconds } from '../dev/time.ts'
import { defineMethod, devControls, required } from '../method.ts'
import { NumberParam, Quantity, quantity } from '../schema.ts'

export const dev_increaseTime = defineMethod({
  name: 'dev_increaseTime',
  summary: 'Shifts the clock of every validator by seconds; answers the whole shift so far in seconds. Devnets only.',
  params: [required('seconds', NumberParam)],
  result: Quantity,
  devOnly: true,
  aliases: ['evm_increaseTime'],
  example: { params: [3600], result: '0xe10' },
  handler: (context, seconds) => {
    const totalMs = devControls(context).increaseTime(readSeconds(seconds, 'seconds') * 1000)
    return quantity(Math.floor(totalMs / 1000))
  },
})
