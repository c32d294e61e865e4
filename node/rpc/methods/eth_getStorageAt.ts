import { ZERO_HASH } from '../../../core/bytes.ts'
import { requireState } from '../block-ref.ts'
import { defineMethod, optional, required } from '../method.ts'
import { AddressParam, BlockRef, data, Hash32, QuantityParam, readAddress } from '../schema.ts'

export const eth_getStorageAt = defineMethod({
  name: 'eth_getStorageAt',
  summary: 'Always 32 zero bytes: there is no EVM, so no account has storage.',
  params: [required('address', AddressParam), required('slot', QuantityParam), optional('block', BlockRef)],
  result: Hash32,
  example: {
    params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', '0x0', 'latest'],
    result: '0x0000000000000000000000000000000000000000000000000000000000000000',
  },
  handler: ({ node }, address, _slot, block = 'latest') => {
    readAddress(address)
    requireState(node, block)
    return data(ZERO_HASH)
  },
})
