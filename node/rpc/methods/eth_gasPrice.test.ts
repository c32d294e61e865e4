import { expect, it } from 'vitest'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { eth_gasPrice } from './eth_gasPrice.ts'

it('buys a place in the next block', async () => {
  const { context, chain } = fixture()
  const price = BigInt(await callMethod<string>(context, eth_gasPrice))
  const fees = { maxFeePerGas: price, maxPriorityFeePerGas: price }
  expect(price > chain.nextBaseFee()).toBe(true)
  await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n, fees))
  expect(chain.mine().transactions).toHaveLength(1)
})
