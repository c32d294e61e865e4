import { formatAddress } from '../../../core/address.ts'
import { leaderOf } from '../../../vm/leader.ts'
import { epochs, epochValidators } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { totalPower, type ValidatorSet } from '../../../vm/validator-set.ts'
import type { NodeApi } from '../../api.ts'
import { EpochRef, lastHeightOf, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { invalidParams } from '../errors.ts'
import { defineMethod, optional, type Static, Type } from '../method.ts'
import { Bech32Address, decimalString, Integer, Nullable, NumberParam, readNumber } from '../schema.ts'

const DEFAULT_LEADERS = 16
/** Each costs a hash and a pass over the set. */
const MAX_LEADERS = 256
/** The work of an epoch moves the weights of the second one after it. */
const WORK_LAG_EPOCHS = 2
const SHARE_DIGITS = 1_000_000n

const share = (description: string) =>
  Type.Number({ minimum: 0, maximum: 1, description: `${description}, 0 to 1, to six decimals` })

const Member = Type.Object(
  {
    validator: Bech32Address,
    stake: decimalString('wei of voting power'),
    stake_share: share('part of all stake'),
    work_macs: Nullable(decimalString('verified multiply-accumulates that count for it')),
    work_share: Nullable(share('part of all verified work')),
    weight: decimalString('leader-election weight'),
    view_share: share('expected part of the views it leads: its part of all weight'),
  },
  { additionalProperties: false },
)

/** Verified work behind the weights of an epoch: none for the first two; undefined when this node no longer holds it. */
function workBehind(node: NodeApi, { epoch, members }: ValidatorSet) {
  const worked = epoch - WORK_LAG_EPOCHS
  if (worked < 0) return { totalMacs: 0n, macs: members.map(() => 0n) }
  const state = node.stateAt(lastHeightOf(worked, node.genesis.params))
  const totalMacs = state === undefined ? undefined : readRecord(state, epochs, worked)?.workMacs
  if (state === undefined || totalMacs === undefined) return undefined
  const macs = members.map(
    ({ address }) => readRecord(state, epochValidators, { epoch: worked, validator: address })?.workMacs ?? 0n,
  )
  return { totalMacs, macs }
}

const shareOf = (part: bigint, whole: bigint): number =>
  whole === 0n ? 0 : Number((part * SHARE_DIGITS) / whole) / Number(SHARE_DIGITS)

function membersJson(node: NodeApi, set: ValidatorSet): Static<typeof Member>[] {
  const stake = totalPower(set)
  const weights = set.members.reduce((sum, { weight }) => sum + weight, 0n)
  const work = workBehind(node, set)
  return set.members.map(({ address, power, weight }, i) => {
    const macs = work?.macs[i]
    return {
      validator: formatAddress(address),
      stake: power.toString(),
      stake_share: shareOf(power, stake),
      work_macs: macs?.toString() ?? null,
      work_share: work === undefined || macs === undefined ? null : shareOf(macs, work.totalMacs),
      weight: weight.toString(),
      view_share: shareOf(weight, weights),
    }
  })
}

export const chain_getLeaders = defineMethod({
  name: 'chain_getLeaders',
  summary:
    `Who leads the views of an epoch: \`count\` of them (default ${DEFAULT_LEADERS}, at most ${MAX_LEADERS}) from view ` +
    '`from` (default: the one after the newest block in the current epoch, else 0). Known once the epoch before has ended. ' +
    '`members` says why: stake, and verified work of the epoch two before (null when this node no longer holds it).',
  params: [optional('epoch', EpochRef), optional('from', NumberParam), optional('count', NumberParam)],
  result: Type.Object(
    {
      epoch: Integer,
      leaders: Type.Array(Type.Object({ view: Integer, validator: Bech32Address }, { additionalProperties: false }), {
        maxItems: MAX_LEADERS,
      }),
      members: Type.Array(Member, { description: 'the validator set, ascending addresses' }),
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
      members: ['cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr', 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp'].map(
        (validator) => ({
          validator,
          stake: '5000000000000000000000',
          stake_share: 0.5,
          work_macs: '0',
          work_share: 0,
          weight: '5000000000000000000000',
          view_share: 0.5,
        }),
      ),
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
    return { epoch, leaders, members: membersJson(node, set) }
  },
})
