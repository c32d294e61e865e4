/** Kind 240, devnets only: the one account named in the parameters sets any balance. Counts as minted or burned. */
import { equalBytes, fromHex } from '../../core/bytes.ts'
import type { ActionHandler } from '../execution/types.ts'
import { accountOf, setAccount } from '../state/account.ts'

export const devSetBalance: ActionHandler<'DEV_SET_BALANCE'> = ({ account, balance }, { state, rules, sender }) => {
  const { devAuthority } = rules.params
  if (devAuthority === undefined || !equalBytes(fromHex(devAuthority), sender)) {
    return { code: 'DEV_NOT_AUTHORISED', message: 'only the devnet authority sets balances: use dev_setBalance' }
  }
  const before = accountOf(state, account)
  if (balance > before.balance) state.mint(balance - before.balance)
  else state.burn(before.balance - balance)
  setAccount(state, account, { ...before, balance })
  return undefined
}
