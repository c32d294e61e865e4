import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_accounts } from './eth_accounts.ts'

it('lists the printed accounts of a devnet, and none elsewhere', async () => {
  const accounts = await callMethod<string[]>(fixture().context, eth_accounts)
  expect(accounts[0]).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
  expect(accounts).toHaveLength(3)
  expect(await callMethod(fixture({ devnet: false }).context, eth_accounts)).toEqual([])
})
