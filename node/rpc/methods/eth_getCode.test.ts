import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_getCode } from './eth_getCode.ts'

it('finds no code anywhere', async () => {
  const { context } = fixture()
  const address = `0x${'11'.repeat(20)}`
  expect(await callMethod(context, eth_getCode, [address, 'latest'])).toBe('0x')
  expect(await refusalTag(context, eth_getCode, [address, '0xffff'])).toBe('BLOCK_UNKNOWN')
})
