import { formatAddress } from '../../../core/address.ts'
import { leaderOf } from '../../../vm/leader.ts'
import { EpochRef, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { invalidParams } from '../errors.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { Bech32Address, Integer, NumberParam, readNumber } from '../schema.ts'

const DEFAULT_LEADERS = 16
/** Each costs a hash and a pass over the set. */
const MAX_LEADERS = 256

export const chain_getLeaders = defineMethod({
  name: 'chain_getLeaders',
  summary:
    `Who leads the views of an epoch: \`count\` of them (default ${DEFAULT_LEADERS}, at most ${MAX_LEADERS}) from view ` +
    '`from` (default: the one after the newest block in the current epoch, else 0). Known once the epoch before has ended.',
  params: [optional('epoch', EpochRef), optional('from', NumberParam), optional('count', NumberParam)],
  result: Type.Object(
    {
      epoch: Integer,
      leaders: Type.Array(Type.Object({ view: Integer, validator: Bech32Address }, { additionalProperties: false }), {
        maxItems: MAX_LEADERS,
      }),
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['current', 0, 3],
    result: {
      epoch: 1,
      leaders: [
        { view: 0, validator: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp' },
        { view: 1, validator: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr' },
        { view: 2, validator: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr' },
      ],
    },
  },
  handler: ({ node }, ref = 'current', from, count = DEFAULT_LEADERS) => {
    const epoch = readEpoch(node, ref)
    const length = readNumber(count, 'count')
    if (length > MAX_LEADERS) throw invalidParams(`parameter "count": at most ${MAX_LEADERS}`, { parameter: 'count' })
    const set = node.validatorSet(epoch)
    const randomness = node.epochRandomness(epoch)
    if (set === undefined || randomness === undefined) throw unknownEpoch(node, epoch)
    const latest = node.latest()
    // Genesis has no view, so view 0 of epoch 0 comes after it.
    const nextView = epoch !== latest.epoch || latest.height === 0 ? 0 : latest.view + 1
    const first = from === undefined ? nextView : readNumber(from, 'from')
    const leaders = Array.from({ length }, (_, i) => ({
      view: first + i,
      validator: formatAddress(set.members[leaderOf(set, randomness, first + i)]!.address),
    }))
    return { epoch, leaders }
  },
})
