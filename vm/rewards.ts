/**
 * Block rewards, inside the block's own state root. Source: PROTOCOL 7.
 *
 *   to split = E(h) + carry                E(h) = E0 >> floor(h / halvingBlocks)
 *     workers 60 % ──> pool of the block's epoch, paid by verified work when it ends (compute/payouts.ts)
 *     voters  30 % ──> each signer of the parent's notarization: floor(share * power / total power), to its validator
 *     leader  10 % ──> the proposer's validator, and with it all priority fees
 *
 * - Each share is floor(to split * basis points / 10,000).
 * - The absent part = floor(voters' share * absent power / total power) is not minted: minted = E(h) - absent part.
 *   In block 1 nobody voted, so the whole voters' share is the absent part.
 * - What floor division assigns to nobody is the new carry, which the next block splits with its emission. If carried
 *   wei make the absent part exceed E(h) (emission has run out), the excess stays in the carry: minting never goes
 *   below zero, and never above E(h).
 * - A validator's reward is its owner's commission and, for the rest, its shares' (staking/accrual.ts); all accrued.
 *   A jailed or tombstoned validator still earns while it serves in the sets that were fixed before; it is in no later one.
 */
import { assert } from '../core/errors.ts'
import { accruePool } from './compute/payouts.ts'
import type { BlockContext, ExecutionRules } from './execution/types.ts'
import type { ChainParams } from './params.ts'
import { accrueReward, BPS } from './staking/accrual.ts'
import { carry, epochSets, validators } from './state/tables.ts'
import type { StateView } from './state/view.ts'
import { type SetMember, totalPower } from './validator-set.ts'

/** E(h), in wei. Height 0 has no reward. */
export const emissionWei = (height: number, params: Pick<ChainParams, 'emissionWei' | 'halvingBlocks'>): bigint =>
  params.emissionWei >> BigInt(Math.floor(height / params.halvingBlocks))

export interface EmissionSplit {
  readonly workersWei: bigint
  readonly leaderWei: bigint
  /** For each signer, in the order given. */
  readonly votersWei: readonly bigint[]
  readonly mintedWei: bigint
  readonly carryWei: bigint
}

export interface EmissionInput {
  readonly emissionWei: bigint
  /** Carried from the block before. */
  readonly carryWei: bigint
  readonly signerPowers: readonly bigint[]
  /** Power of the whole set the signers belong to. */
  readonly totalPower: bigint
  readonly params: Pick<ChainParams, 'workerShareBps' | 'voterShareBps' | 'leaderShareBps'>
}

/** minted + old carry = workers + leader + voters + new carry, to the wei. */
export function splitEmission(input: EmissionInput): EmissionSplit {
  const { params, totalPower: total } = input
  const toSplit = input.emissionWei + input.carryWei
  const share = (bps: number): bigint => (toSplit * BigInt(bps)) / BPS
  const workersWei = share(params.workerShareBps)
  const leaderWei = share(params.leaderShareBps)
  const votersShare = share(params.voterShareBps)
  const votersWei = input.signerPowers.map((power) => (votersShare * power) / total)

  const absentPower = input.signerPowers.reduce((left, power) => left - power, total)
  assert(absentPower >= 0n, 'signers have more power than their set')
  const absentWei = (votersShare * absentPower) / total
  const mintableWei = input.emissionWei - absentWei
  const mintedWei = mintableWei < 0n ? 0n : mintableWei
  const assignedWei = votersWei.reduce((sum, wei) => sum + wei, workersWei + leaderWei)
  return {
    workersWei,
    leaderWei,
    votersWei,
    mintedWei,
    carryWei: input.carryWei + mintedWei - assignedWei,
  }
}

/** The members of the parent's set that signed its notarization. */
function signersOf(members: readonly SetMember[], indexes: readonly number[]): SetMember[] {
  let previous = -1
  return indexes.map((index) => {
    const member = members[index]
    assert(member !== undefined && index > previous, 'signers must be ascending indexes into the set', { index })
    previous = index
    return member
  })
}

function reward(state: StateView, owner: Uint8Array, amountWei: bigint): void {
  const validator = state.get(validators, owner)
  assert(validator !== undefined, 'a member of the set has no validator record')
  state.set(validators, owner, accrueReward(validator, amountWei))
}

/**
 * Run after the block's last transaction.
 * @param priorityFeesWei taken from senders and in no record until now
 * @throws QuernError `ASSERTION_FAILED` on an impossible state
 */
export function distributeRewards(
  state: StateView,
  context: BlockContext,
  rules: ExecutionRules,
  priorityFeesWei: bigint,
): void {
  const { params } = rules
  const set = state.get(epochSets, context.parent.epoch)
  assert(set !== undefined, "no validator set of the parent's epoch", { epoch: context.parent.epoch })
  const signers = signersOf(set.members, context.parentSigners)
  const split = splitEmission({
    emissionWei: emissionWei(context.height, params),
    carryWei: state.get(carry, undefined) ?? 0n,
    signerPowers: signers.map((member) => member.power),
    totalPower: totalPower(set),
    params,
  })
  state.mint(split.mintedWei)
  state.set(carry, undefined, split.carryWei)
  accruePool(state, context.epoch, split.workersWei)
  for (const [i, member] of signers.entries()) reward(state, member.address, split.votersWei[i]!)
  reward(state, context.proposer, split.leaderWei + priorityFeesWei)
}
