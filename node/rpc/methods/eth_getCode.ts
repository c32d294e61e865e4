import { requireState } from '../block-ref.ts'
import { defineMethod, optional, required } from '../method.ts'
import { AddressParam, BlockRef, Data, readAddress } from '../schema.ts'

export const eth_getCode = defineMethod({
  name: 'eth_getCode',
  summary: 'Always `0x`: there is no EVM, so no account has code.',
  params: [required('address', AddressParam), optional('block', BlockRef)],
  result: Data,
  example: { params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 'latest'], result: '0x' },
  handler: ({ node }, address, block = 'latest') => {
    readAddress(address)
    requireState(node, block)
    return '0x'
  },
})
