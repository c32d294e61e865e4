import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_chainId } from './eth_chainId.ts'

it('answers 26180 on a devnet', async () => {
  expect(await callMethod(fixture().context, eth_chainId)).toBe('0x6644')
})
