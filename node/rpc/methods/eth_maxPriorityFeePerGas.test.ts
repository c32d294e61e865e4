import { expect, it } from 'vitest'
import { ACCOUNTS, callMethod, fixture, PARAMS, transfer } from '../fixture.ts'
import { eth_maxPriorityFeePerGas } from './eth_maxPriorityFeePerGas.ts'

it('lies near what others pay, never under the floor', async () => {
  const { context, chain } = fixture()
  // Most of the fixture's transactions offer 2,000.
  expect(await callMethod(context, eth_maxPriorityFeePerGas)).toBe('0x7d0')
  const fees = { maxFeePerGas: 90_000n, maxPriorityFeePerGas: 80_000n }
  for (let i = 0; i < 20; i++) {
    await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n, fees))
    chain.mine()
  }
  expect(await callMethod(context, eth_maxPriorityFeePerGas)).toBe('0x13880')
  for (let i = 0; i < 20; i++) chain.mine()
  expect(BigInt(await callMethod<string>(context, eth_maxPriorityFeePerGas))).toBe(PARAMS.baseFeeFloorWei)
})
