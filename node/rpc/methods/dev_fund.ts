import { toHex } from '../../../core/bytes.ts'
import { readAmount } from '../dev/amount.ts'
import { defineMethod, devControls, required } from '../method.ts'
import { AddressParam, Hash32, NumberParam, readAddress } from '../schema.ts'

export const dev_fund = defineMethod({
  name: 'dev_fund',
  summary:
    "Transfers wei from the devnet's faucet account; answers with the transaction hash when it is in a block. Devnets only.",
  params: [required('address', AddressParam), required('amount', NumberParam)],
  result: Hash32,
  devOnly: true,
  example: {
    params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', '0xde0b6b3a7640000'],
    result: '0x379093105b3a2953612ed0fa58ca9c9617c51362763af716c400cc2852e0bffb',
  },
  handler: async (context, address, amount) =>
    toHex(await devControls(context).fund(readAddress(address), readAmount(amount, 'amount'))),
})
