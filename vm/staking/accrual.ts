/**
 * Rewards of a validator, owed until claimed. PROTOCOL 7.
 *
 * The commission goes to the owner, the rest to the shares through a cumulative reward per share, so that paying a
 * hundred thousand delegations costs one record. Every wei stands in `rewardPot`: the claims of all shares together
 * round down to at most what was accrued, and less than one wei per settlement stays in the pot as dust.
 */
import { assert } from '../../core/errors.ts'
import { type Delegation, REWARD_SCALE, type Validator } from '../state/tables.ts'

/** One hundred per cent. */
export const BPS = 10_000n

/** Adds `amountWei` to what the validator's owner and shares may claim. The caller mints it or takes it from somewhere. */
export function accrueReward(validator: Validator, amountWei: bigint): Validator {
  assert(amountWei >= 0n, 'reward is negative')
  const rewardPot = validator.rewardPot + amountWei
  // Shares all left while the validator is still in a set: its owner alone earned this.
  if (validator.shares === 0n) {
    return { ...validator, rewardPot, commissionAccrued: validator.commissionAccrued + amountWei }
  }
  const commissionWei = (amountWei * BigInt(validator.commissionBps)) / BPS
  const scaled = (amountWei - commissionWei) * REWARD_SCALE + validator.rewardRemainder
  return {
    ...validator,
    rewardPot,
    commissionAccrued: validator.commissionAccrued + commissionWei,
    rewardPerShare: validator.rewardPerShare + scaled / validator.shares,
    rewardRemainder: scaled % validator.shares,
  }
}

/** The delegation with everything earned so far in `accrued`. Needed before its number of shares changes. */
export const settle = (validator: Validator, delegation: Delegation): Delegation => ({
  shares: delegation.shares,
  rewardIndex: validator.rewardPerShare,
  accrued:
    delegation.accrued + (delegation.shares * (validator.rewardPerShare - delegation.rewardIndex)) / REWARD_SCALE,
})

/** Wei that CLAIM would pay this delegator: rewards of its shares, without the owner's commission. */
export const claimableRewardWei = (validator: Validator, delegation: Delegation): bigint =>
  settle(validator, delegation).accrued
