import { expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { eth_getTransactionCount } from './eth_getTransactionCount.ts'

it('counts blocks, and for pending the mempool too', async () => {
  const { context, chain } = fixture()
  const alice = checksumAddress(ACCOUNTS[0]!.address)
  const count = (block?: string) =>
    callMethod(context, eth_getTransactionCount, block === undefined ? [alice] : [alice, block])
  expect(await count('0x1')).toBe('0x0')
  expect(await count('0x2')).toBe('0x1')
  expect(await count()).toBe('0x2')
  await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
  expect(await count('latest')).toBe('0x2')
  expect(await count('pending')).toBe('0x3')
})
