import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_unsubscribe } from './eth_unsubscribe.ts'

it('ends a subscription of its connection', async () => {
  const { context } = fixture()
  const connection = { subscribe: () => '0x1', unsubscribe: (id: string) => id === '0x1', ready: async () => {} }
  expect(await callMethod({ ...context, connection }, eth_unsubscribe, ['0x1'])).toBe(true)
  expect(await callMethod({ ...context, connection }, eth_unsubscribe, ['0x2'])).toBe(false)
  expect(await callMethod(context, eth_unsubscribe, ['0x1'])).toBe(false)
})
