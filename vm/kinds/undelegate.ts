/** Kind 6: takes shares of the sender out of a validator's bond; what they are worth unbonds first. PROTOCOL 2. */
import type { ActionHandler } from '../execution/types.ts'
import { unbond } from '../staking/bond.ts'
import { weiOfShares } from '../staking/shares.ts'
import { delegations, validators } from '../state/tables.ts'

export const undelegate: ActionHandler<'UNDELEGATE'> = (action, { state, block, sender }) => {
  if (action.shares === 0n) return { code: 'AMOUNT_ZERO', message: 'number of shares is 0: name how many to take out' }
  const validator = state.get(validators, action.validator)
  if (validator === undefined) {
    return { code: 'VALIDATOR_UNKNOWN', message: 'no such validator: check the address with chain_getValidators' }
  }
  const delegation = state.get(delegations, { validator: action.validator, delegator: sender })
  if (delegation === undefined || delegation.shares === 0n) {
    return { code: 'DELEGATION_UNKNOWN', message: 'sender has no shares of this validator: check the address' }
  }
  if (action.shares > delegation.shares) {
    return {
      code: 'SHARES_INSUFFICIENT',
      message: 'sender holds fewer shares: take out less',
      meta: { shares: delegation.shares },
    }
  }
  // After slashing a share is worth less than a wei; giving some up for nothing is never meant.
  if (weiOfShares(validator, action.shares) === 0n) {
    return { code: 'AMOUNT_ZERO', message: 'these shares are worth less than one wei: take out more of them' }
  }
  unbond(state, block.epoch, action.validator, sender, action.shares)
  return undefined
}
