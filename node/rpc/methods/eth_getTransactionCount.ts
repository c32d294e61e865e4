import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { requireState } from '../block-ref.ts'
import { defineMethod, optional, required } from '../method.ts'
import { AddressParam, BlockRef, Quantity, quantity, readAddress } from '../schema.ts'

export const eth_getTransactionCount = defineMethod({
  name: 'eth_getTransactionCount',
  summary:
    "Nonce of an account after a block (default: latest). `pending` counts the mempool's ready transactions too.",
  params: [required('address', AddressParam), optional('block', BlockRef)],
  result: Quantity,
  example: { params: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 'pending'], result: '0x3' },
  handler: ({ node }, address, block = 'latest') => {
    const account = readAddress(address)
    if (block === 'pending') return quantity(node.pool().pendingNonce(account))
    const { state } = requireState(node, block)
    return quantity(readRecord(state, accounts, account)?.nonce ?? 0)
  },
})
