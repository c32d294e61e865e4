import { checksumAddress } from '../../../core/address.ts'
import { defineMethod, Type } from '../method.ts'
import { HexAddress } from '../schema.ts'

export const eth_accounts = defineMethod({
  name: 'eth_accounts',
  summary: 'Accounts that this node signs for: the printed ones on a devnet, none elsewhere.',
  params: [],
  result: Type.Array(HexAddress),
  example: { params: [], result: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'] },
  handler: ({ dev }) => (dev?.accounts ?? []).map(({ address }) => checksumAddress(address)),
})
