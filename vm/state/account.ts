/** Reading and changing accounts. An account of nonce 0 and balance 0 has no record, so nothing grows for free. */
import type { Address } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { type Account, accounts } from './tables.ts'
import type { StateView } from './view.ts'

const NO_ACCOUNT: Account = { nonce: 0, balance: 0n }

export const accountOf = (state: StateView, address: Address): Account => state.get(accounts, address) ?? NO_ACCOUNT

export function setAccount(state: StateView, address: Address, account: Account): void {
  assert(account.balance >= 0n, 'an account balance would be negative', { balance: account.balance })
  if (account.nonce === 0 && account.balance === 0n) state.delete(accounts, address)
  else state.set(accounts, address, account)
}

export function credit(state: StateView, address: Address, amountWei: bigint): void {
  const { nonce, balance } = accountOf(state, address)
  setAccount(state, address, { nonce, balance: balance + amountWei })
}

/** @throws QuernError `ASSERTION_FAILED` when the account holds less: the caller has checked */
export function debit(state: StateView, address: Address, amountWei: bigint): void {
  const { nonce, balance } = accountOf(state, address)
  setAccount(state, address, { nonce, balance: balance - amountWei })
}
