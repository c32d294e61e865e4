import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getBlockTransactionCountByHash } from './eth_getBlockTransactionCountByHash.ts'

it('counts', async () => {
  const { context, chain } = fixture()
  const call = (hash: Uint8Array) => callMethod(context, eth_getBlockTransactionCountByHash, [toHex(hash)])
  expect(await call(chain.blockByHeight(4)!.block.hash)).toBe('0x5')
  expect(await call(new Uint8Array(32))).toBeNull()
})
