/** Kind 1, and what the Ethereum envelopes carry: value from the sender to any address. */
import type { ActionHandler } from '../execution/types.ts'
import { accountOf, credit, debit } from '../state/account.ts'

export const transfer: ActionHandler<'TRANSFER'> = ({ to, value }, { state, sender }) => {
  if (accountOf(state, sender).balance < value) {
    return { code: 'INSUFFICIENT_BALANCE', message: 'balance is below the value: send less or fund the account' }
  }
  debit(state, sender, value)
  credit(state, to, value)
  return undefined
}
