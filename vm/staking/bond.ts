/** Tokens into and out of a validator's bond. Every change of shares settles the rewards of the position first. */
import type { Address } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { debit } from '../state/account.ts'
import { type Delegation, delegations, type Validator, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { settle } from './accrual.ts'
import { refreshCandidate } from './candidates.ts'
import { deposit, withdraw } from './shares.ts'
import { addUnbonding } from './unbonding.ts'

const NO_DELEGATION: Delegation = { shares: 0n, rewardIndex: 0n, accrued: 0n }

function existing(state: StateView, owner: Address): Validator {
  const validator = state.get(validators, owner)
  assert(validator !== undefined, 'no record of this validator')
  return validator
}

/** A position without shares and rewards leaves no record behind. */
export function putDelegation(
  state: StateView,
  key: { readonly validator: Address; readonly delegator: Address },
  delegation: Delegation,
): void {
  if (delegation.shares === 0n && delegation.accrued === 0n) state.delete(delegations, key)
  else state.set(delegations, key, delegation)
}

/** Moves `amountWei` from the delegator's balance into the bond. The caller has checked balance and bond. */
export function bond(state: StateView, validator: Address, delegator: Address, amountWei: bigint): void {
  const record = existing(state, validator)
  const { pool, shares } = deposit(record, amountWei)
  const key = { validator, delegator }
  const settled = settle(record, state.get(delegations, key) ?? NO_DELEGATION)
  debit(state, delegator, amountWei)
  state.set(validators, validator, { ...record, ...pool })
  putDelegation(state, key, { ...settled, shares: settled.shares + shares })
  refreshCandidate(state, validator)
}

/**
 * Moves what `shares` are worth from the bond into the unbonding pool of `epoch`. The caller has checked that the
 * delegator holds them and that they are worth something.
 * @returns wei that started to unbond
 */
export function unbond(
  state: StateView,
  epoch: number,
  validator: Address,
  delegator: Address,
  shares: bigint,
): bigint {
  const record = existing(state, validator)
  const key = { validator, delegator }
  const delegation = state.get(delegations, key) ?? NO_DELEGATION
  assert(delegation.shares >= shares, 'more shares taken than the position has')
  const { pool, amountWei } = withdraw(record, shares)
  const settled = settle(record, delegation)
  state.set(validators, validator, { ...record, ...pool })
  putDelegation(state, key, { ...settled, shares: settled.shares - shares })
  addUnbonding(state, { validator, epoch, owner: delegator }, amountWei)
  refreshCandidate(state, validator)
  return amountWei
}
