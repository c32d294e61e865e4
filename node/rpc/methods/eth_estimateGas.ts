import { intrinsicGas } from '../../../vm/gas.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { valueWei } from '../../../vm/transaction/types.ts'
import { requireState } from '../block-ref.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { actionOf, TransactionRequest } from '../ethereum/request.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { BlockRef, Quantity, quantity, readAddress } from '../schema.ts'

const Overrides = Type.Object({}, { additionalProperties: true, description: 'an object, which is ignored' })

export const eth_estimateGas = defineMethod({
  name: 'eth_estimateGas',
  summary:
    'Exactly the gas that the transaction uses: 21,000 for a transfer; with type 0x71, that of the kind in `input`. ' +
    'Refused with TX_NO_EVM for data, access lists and contract creation.',
  params: [
    required('transaction', TransactionRequest),
    optional('block', BlockRef),
    optional('stateOverrides', Overrides),
    optional('blockOverrides', Overrides),
  ],
  result: Quantity,
  example: { params: [{ to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', value: '0x1' }], result: '0x5208' },
  handler: ({ node }, request, block = 'latest') => {
    const action = actionOf(request)
    const { state } = requireState(node, block)
    const balance =
      request.from == null ? undefined : (readRecord(state, accounts, readAddress(request.from))?.balance ?? 0n)
    if (balance !== undefined && balance < valueWei(action)) {
      const message = `insufficient funds for transfer: the sender has ${balance} wei`
      throw new RpcError(RPC_CODE.invalidInput, 'INSUFFICIENT_BALANCE', message)
    }
    return quantity(intrinsicGas(action))
  },
})
