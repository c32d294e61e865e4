/** Kind 2: registers a validator with its first stake, or adds to the sender's own. PROTOCOL 1, 2. */

import type { Failure } from '../../core/errors.ts'
import type { ActionContext, ActionErrorCode, ActionHandler } from '../execution/types.ts'
import { bond } from '../staking/bond.ts'
import { newValidator } from '../staking/new-validator.ts'
import { isWipedOut } from '../staking/shares.ts'
import { accountOf } from '../state/account.ts'
import { validatorKeys, validators } from '../state/tables.ts'
import { proofOfPossessionBytes } from '../statement.ts'
import type { Action } from '../transaction/types.ts'

type Stake = Extract<Action, { kind: 'STAKE' }>
type Registration = NonNullable<Stake['registration']>
type Refusal = Failure<ActionErrorCode> | undefined

/** A key serves one validator for ever, and only who holds it can bring it: keys are public, proofs are bound to the owner. */
function register(amount: bigint, registration: Registration, { state, block, rules, sender }: ActionContext): Refusal {
  const { blsPublicKey, proofOfPossession } = registration
  const { chainId, minStakeWei } = rules.params
  if (state.get(validators, sender) !== undefined) {
    return { code: 'VALIDATOR_EXISTS', message: 'sender has a validator already: stake without a key to add to it' }
  }
  if (amount < minStakeWei) {
    return { code: 'STAKE_TOO_SMALL', message: 'first stake is below the minimum: stake more', meta: { minStakeWei } }
  }
  if (state.get(validatorKeys, blsPublicKey) !== undefined) {
    return { code: 'BLS_KEY_IN_USE', message: 'BLS key belongs to another validator: make a new one' }
  }
  const message = proofOfPossessionBytes(chainId, sender, blsPublicKey)
  if (!rules.bls.verify(blsPublicKey, message, proofOfPossession)) {
    return {
      code: 'PROOF_OF_POSSESSION_INVALID',
      message: 'proof of possession does not verify: sign chain id, sender and key with the BLS key itself',
    }
  }
  state.set(validatorKeys, blsPublicKey, sender)
  state.set(validators, sender, newValidator(blsPublicKey, block.epoch))
  bond(state, sender, sender, amount)
  return undefined
}

/** The validator is keyed by the sender's address, so nobody can act on another's. */
export const stake: ActionHandler<'STAKE'> = (action, context) => {
  const { state, sender } = context
  if (action.amount === 0n) return { code: 'AMOUNT_ZERO', message: 'stake is 0: name an amount' }
  if (accountOf(state, sender).balance < action.amount) {
    return { code: 'INSUFFICIENT_BALANCE', message: 'balance is below the stake: stake less or fund the account' }
  }
  if (action.registration !== undefined) return register(action.amount, action.registration, context)

  const validator = state.get(validators, sender)
  if (validator === undefined) {
    return { code: 'BLS_KEY_MISSING', message: 'sender has no validator: send a BLS key and proof of possession too' }
  }
  if (validator.tombstoned) {
    return { code: 'VALIDATOR_TOMBSTONED', message: 'validator has equivocated: it can only be left' }
  }
  if (isWipedOut(validator)) {
    return { code: 'VALIDATOR_WIPED_OUT', message: 'validator has been slashed to nothing: register another' }
  }
  bond(state, sender, sender, action.amount)
  return undefined
}
