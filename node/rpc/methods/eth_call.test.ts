import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_call } from './eth_call.ts'

it('returns nothing', async () => {
  const { context } = fixture()
  const request = { to: `0x${'11'.repeat(20)}`, data: '0x06fdde03' }
  expect(await callMethod(context, eth_call, [request, 'latest'])).toBe('0x')
  expect(await callMethod(context, eth_call, [request])).toBe('0x')
  expect(await refusalTag(context, eth_call, [request, '0x99'])).toBe('BLOCK_UNKNOWN')
})
