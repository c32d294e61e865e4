/** Kind 5: bonds the sender's wei to a validator; its slashing reaches them. PROTOCOL 2. */
import type { ActionHandler } from '../execution/types.ts'
import { bond } from '../staking/bond.ts'
import { isWipedOut } from '../staking/shares.ts'
import { accountOf } from '../state/account.ts'
import { validators } from '../state/tables.ts'

/** A jailed validator may be delegated to: its stake still counts once it is out. */
export const delegate: ActionHandler<'DELEGATE'> = (action, { state, rules, sender }) => {
  const { minDelegationWei } = rules.params
  if (action.amount === 0n) return { code: 'AMOUNT_ZERO', message: 'delegation is 0: name an amount' }
  if (action.amount < minDelegationWei) {
    return {
      code: 'DELEGATION_TOO_SMALL',
      message: 'delegation is below the minimum: delegate more',
      meta: { minDelegationWei },
    }
  }
  const validator = state.get(validators, action.validator)
  if (validator === undefined) {
    return { code: 'VALIDATOR_UNKNOWN', message: 'no such validator: check the address with chain_getValidators' }
  }
  if (validator.tombstoned) {
    return { code: 'VALIDATOR_TOMBSTONED', message: 'validator has equivocated: choose another' }
  }
  if (isWipedOut(validator)) {
    return { code: 'VALIDATOR_WIPED_OUT', message: 'validator has been slashed to nothing: choose another' }
  }
  if (accountOf(state, sender).balance < action.amount) {
    return {
      code: 'INSUFFICIENT_BALANCE',
      message: 'balance is below the delegation: delegate less or fund the account',
    }
  }
  bond(state, action.validator, sender, action.amount)
  return undefined
}
