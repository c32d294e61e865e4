/** Kind 10: pays the sender's staking rewards and matured unbonding of up to 16 positions into its balance. PROTOCOL 2. */
import { type Address, equalBytes, hexKey } from '../../core/bytes.ts'
import type { ActionHandler } from '../execution/types.ts'
import { settle } from '../staking/accrual.ts'
import { putDelegation } from '../staking/bond.ts'
import { maturityEpoch, takeUnbonding, unbondingWei } from '../staking/unbonding.ts'
import { credit } from '../state/account.ts'
import { delegations, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import type { Action } from '../transaction/types.ts'

type Position = Extract<Action, { kind: 'CLAIM' }>['positions'][number]

/** A position named twice is one position. */
function distinct(positions: readonly Position[]): Position[] {
  const byKey = new Map(positions.map((p) => [`${hexKey(p.validator)}/${p.epoch ?? 'reward'}`, p]))
  return [...byKey.values()]
}

/** What the sender may take from a validator's reward pot: its shares' part and, if it is the owner, the commission. */
function rewardOf(state: StateView, owner: Address, sender: Address) {
  const validator = state.get(validators, owner)
  if (validator === undefined) return undefined
  const key = { validator: owner, delegator: sender }
  const delegation = state.get(delegations, key)
  const settled = delegation === undefined ? undefined : settle(validator, delegation)
  const commissionWei = equalBytes(owner, sender) ? validator.commissionAccrued : 0n
  return { validator, key, settled, commissionWei, amountWei: (settled?.accrued ?? 0n) + commissionWei }
}

/** @returns wei now in no record */
function takeReward(state: StateView, owner: Address, sender: Address): bigint {
  const reward = rewardOf(state, owner, sender)
  if (reward === undefined || reward.amountWei === 0n) return 0n
  const { validator, key, settled, commissionWei, amountWei } = reward
  state.set(validators, owner, {
    ...validator,
    rewardPot: validator.rewardPot - amountWei,
    commissionAccrued: validator.commissionAccrued - commissionWei,
  })
  if (settled !== undefined) putDelegation(state, key, { ...settled, accrued: 0n })
  return amountWei
}

/**
 * Positions that hold nothing are skipped, so that a wallet may simply name all it knows; one that has not matured fails
 * the whole, since who names it is mistaken about when it will be paid.
 */
export const claim: ActionHandler<'CLAIM'> = (action, { state, block, rules, sender }) => {
  const positions = distinct(action.positions)
  let holds = false
  for (const { validator, epoch } of positions) {
    if (epoch === undefined) {
      holds ||= (rewardOf(state, validator, sender)?.amountWei ?? 0n) > 0n
      continue
    }
    // A position slashed to nothing still counts as one: claiming it removes its record.
    if (unbondingWei(state, { validator, epoch, owner: sender }) === undefined) continue
    const matures = maturityEpoch(epoch, rules.params)
    if (block.epoch < matures) {
      return {
        code: 'CLAIM_NOT_MATURED',
        message: 'unbonding is not over: claim from that epoch on',
        meta: { matures },
      }
    }
    holds = true
  }
  if (!holds) return { code: 'CLAIM_NOTHING', message: 'sender has nothing to claim at these positions' }

  let amountWei = 0n
  for (const { validator, epoch } of positions) {
    if (epoch === undefined) amountWei += takeReward(state, validator, sender)
    else if (unbondingWei(state, { validator, epoch, owner: sender }) !== undefined) {
      amountWei += takeUnbonding(state, { validator, epoch, owner: sender })
    }
  }
  credit(state, sender, amountWei)
  return undefined
}
