import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_getBlockByHash } from './eth_getBlockByHash.ts'
import { eth_getBlockByNumber } from './eth_getBlockByNumber.ts'

it('finds the same block as its number', async () => {
  const { context, chain } = fixture()
  const hash = toHex(chain.blockByHeight(4)!.block.hash)
  const byNumber = await callMethod(context, eth_getBlockByNumber, ['0x4', true])
  expect(await callMethod(context, eth_getBlockByHash, [hash, true])).toEqual(byNumber)
  expect(await callMethod(context, eth_getBlockByHash, [`0x${'00'.repeat(32)}`, false])).toBeNull()
  expect(await refusalTag(context, eth_getBlockByHash, ['0x12', false])).toBe('INVALID_PARAMS')
})
