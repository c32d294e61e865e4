import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { eth_getFilterChanges } from './eth_getFilterChanges.ts'
import { eth_newPendingTransactionFilter } from './eth_newPendingTransactionFilter.ts'

it('gathers the hashes of new transactions', async () => {
  const { context, chain } = fixture()
  const id = await callMethod<string>(context, eth_newPendingTransactionFilter)
  const sent = await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
  chain.mine()
  const expected = sent.ok ? [toHex(sent.value)] : []
  expect(await callMethod(context, eth_getFilterChanges, [id])).toEqual(expected)
})
