/** Kind 3: takes the owner's own stake out of its validator; it unbonds first. PROTOCOL 2. */
import type { ActionHandler } from '../execution/types.ts'
import { unbond } from '../staking/bond.ts'
import { sharesForWithdrawal, weiOfShares } from '../staking/shares.ts'
import { delegations, validators } from '../state/tables.ts'

/** Reaches the sender's own delegation to its own validator and nothing else. Open to jailed and tombstoned ones too. */
export const unstake: ActionHandler<'UNSTAKE'> = (action, { state, block, sender }) => {
  if (action.amount === 0n) return { code: 'AMOUNT_ZERO', message: 'amount is 0: name what to take out' }
  const validator = state.get(validators, sender)
  if (validator === undefined) {
    return { code: 'VALIDATOR_UNKNOWN', message: 'sender has no validator: UNDELEGATE leaves those of others' }
  }
  const own = state.get(delegations, { validator: sender, delegator: sender })
  const ownWei = weiOfShares(validator, own?.shares ?? 0n)
  if (action.amount > ownWei) {
    return {
      code: 'STAKE_INSUFFICIENT',
      message: 'own stake is smaller than the amount: take out less',
      meta: { ownWei },
    }
  }
  unbond(state, block.epoch, sender, sender, sharesForWithdrawal(validator, action.amount))
  return undefined
}
