import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_blockNumber } from './eth_blockNumber.ts'

it('follows the tip', async () => {
  const { context, chain } = fixture()
  expect(await callMethod(context, eth_blockNumber)).toBe('0xc')
  chain.mine()
  expect(await callMethod(context, eth_blockNumber)).toBe('0xd')
})
