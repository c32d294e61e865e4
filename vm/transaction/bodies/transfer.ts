/** Bodies that only move or set balances. */
import { encodeUint, rlpBytes, rlpBytesMax, rlpList, rlpUint } from '../../../core/rlp.ts'
import type { BodyCodec } from './codec.ts'

/** A memo names an invoice or a purpose; longer texts belong elsewhere. PROTOCOL 2. */
export const MAX_MEMO_BYTES = 256

/** [to, value, memo] */
export const transferBody: BodyCodec<'TRANSFER'> = {
  encode: (action) => [action.to, encodeUint(action.value), action.memo],
  decode: (item) => {
    const [to, value, memo] = rlpList(item, 3)
    return { kind: 'TRANSFER', to: rlpBytes(to, 20), value: rlpUint(value), memo: rlpBytesMax(memo, MAX_MEMO_BYTES) }
  },
}

/** Supply totals are stored in 256 bits: no number of balances below this can overflow them and so stop the chain. */
export const MAX_DEV_BALANCE_BITS = 128

/** [account, balance] */
export const devSetBalanceBody: BodyCodec<'DEV_SET_BALANCE'> = {
  encode: (action) => [action.account, encodeUint(action.balance)],
  decode: (item) => {
    const [account, balance] = rlpList(item, 2)
    return { kind: 'DEV_SET_BALANCE', account: rlpBytes(account, 20), balance: rlpUint(balance, MAX_DEV_BALANCE_BITS) }
  },
}
