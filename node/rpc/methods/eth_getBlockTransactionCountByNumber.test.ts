import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getBlockTransactionCountByNumber } from './eth_getBlockTransactionCountByNumber.ts'

it('counts', async () => {
  const { context } = fixture()
  expect(await callMethod(context, eth_getBlockTransactionCountByNumber, ['0x4'])).toBe('0x5')
  expect(await callMethod(context, eth_getBlockTransactionCountByNumber, ['earliest'])).toBe('0x0')
  expect(await callMethod(context, eth_getBlockTransactionCountByNumber, ['0x99'])).toBeNull()
})
