import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { requireState } from '../block-ref.ts'
import { defineMethod, optional, required } from '../method.ts'
import { AddressParam, BlockRef, Quantity, quantity, readAddress } from '../schema.ts'

export const eth_getBalance = defineMethod({
  name: 'eth_getBalance',
  summary: 'Balance of an account in wei after a block (default: latest).',
  params: [required('address', AddressParam), optional('block', BlockRef)],
  result: Quantity,
  example: { params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 'latest'], result: '0x21e19e0c9bab2400000' },
  handler: ({ node }, address, block = 'latest') => {
    const { state } = requireState(node, block)
    return quantity(readRecord(state, accounts, readAddress(address))?.balance ?? 0n)
  },
})
