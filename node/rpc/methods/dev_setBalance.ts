import { readAmount } from '../dev/amount.ts'
import { defineMethod, devControls, required, Type } from '../method.ts'
import { AddressParam, NumberParam, readAddress } from '../schema.ts'

export const dev_setBalance = defineMethod({
  name: 'dev_setBalance',
  summary:
    "Sets an account's balance in wei by a transaction of its own kind, so that replay agrees; answers when it is in a " +
    'block. Devnets only.',
  params: [required('address', AddressParam), required('balance', NumberParam)],
  result: Type.Null(),
  devOnly: true,
  aliases: ['anvil_setBalance'],
  example: { params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', '0xde0b6b3a7640000'], result: null },
  handler: async (context, address, balance) => {
    await devControls(context).setBalance(readAddress(address), readAmount(balance, 'balance'))
    return null
  },
})
