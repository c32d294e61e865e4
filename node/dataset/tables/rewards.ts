import { signerIndexes } from '../../../consensus/certificate.ts'
import { formatAddress } from '../../../core/address.ts'
import { emissionWei, splitEmission } from '../../../vm/rewards.ts'
import { carry, payoutCursor, payouts } from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import { totalPower } from '../../../vm/validator-set.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'
import { feesOf } from './fees.ts'

interface Reward {
  readonly kind: 'leader' | 'priority_fees' | 'voter' | 'pool' | 'payout'
  readonly recipient: string | null
  readonly amount_wei: bigint
}

/** The chunk that the block pays first of all. PROTOCOL 7. */
function paidOut(before: StateReader): Reward[] {
  const cursor = readRecord(before, payoutCursor, undefined)
  if (cursor === undefined || cursor.head === cursor.tail) return []
  const chunk = readRecord(before, payouts, cursor.head) ?? []
  return chunk.map(({ worker, amountWei }) => ({
    kind: 'payout',
    recipient: formatAddress(worker),
    amount_wei: amountWei,
  }))
}

function rewardsOf(source: DatasetSource, height: number): Reward[] {
  const { block, receipts } = source.block(height)
  const { header, parentCertificate } = block
  const before = source.state(height - 1)
  const set = source.setOf(height === 1 ? header : source.block(height - 1).block.header)
  const signers = signerIndexes(parentCertificate?.signers ?? new Uint8Array()).map((index) => set.members[index]!)
  const { params } = source
  const split = splitEmission({
    emissionWei: emissionWei(height, params),
    carryWei: readRecord(before, carry, undefined) ?? 0n,
    signerPowers: signers.map(({ power }) => power),
    totalPower: totalPower(set),
    params,
  })
  const leader = formatAddress(header.proposer)
  const voters = signers.map(
    ({ address }, i): Reward => ({ kind: 'voter', recipient: formatAddress(address), amount_wei: split.votersWei[i]! }),
  )
  return [
    ...paidOut(before),
    { kind: 'leader', recipient: leader, amount_wei: split.leaderWei },
    { kind: 'priority_fees', recipient: leader, amount_wei: feesOf(receipts, header.baseFeePerGas).priorityWei },
    ...voters,
    { kind: 'pool', recipient: null, amount_wei: split.workersWei },
  ]
}

export const rewards = defineDataset({
  name: 'rewards',
  version: 1,
  about: 'one row for each reward that a block paid; those of 0 wei are left out',
  columns: {
    height: integer('of the block'),
    epoch: integer('of the block'),
    kind: text(
      'leader, voter: emission to a validator; priority_fees: to the leader; pool: emission to the epoch’s workers; ' +
        'payout: an earlier epoch’s pool to a worker, no new money',
    ),
    recipient: text.orNull('validator or worker; null: the pool of the block’s epoch'),
    amount_wei: amount('to a validator: before it is split into commission and shares'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) {
      const { epoch } = source.block(height).block.header
      for (const reward of rewardsOf(source, height)) {
        if (reward.amount_wei > 0n) yield { height, epoch, ...reward }
      }
    }
  },
})
