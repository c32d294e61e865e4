import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getStorageAt } from './eth_getStorageAt.ts'

it('is 32 zero bytes', async () => {
  const params = [`0x${'11'.repeat(20)}`, `0x${'00'.repeat(32)}`, 'latest']
  expect(await callMethod(fixture().context, eth_getStorageAt, params)).toBe(`0x${'00'.repeat(32)}`)
})
