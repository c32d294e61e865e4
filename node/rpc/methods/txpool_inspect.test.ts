import { expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { txpool_inspect } from './txpool_inspect.ts'

it('describes each transaction in one line', async () => {
  const { context, chain } = fixture()
  const [alice, bob] = ACCOUNTS.map(({ address }) => checksumAddress(address))
  await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
  const line = `${bob}: 1 wei + 21000 gas × 10000 wei`
  expect(await callMethod(context, txpool_inspect)).toEqual({ pending: { [alice!]: { 2: line } }, queued: {} })
})
