import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getTransactionByBlockHashAndIndex } from './eth_getTransactionByBlockHashAndIndex.ts'

it('finds a transaction by its place', async () => {
  const { context, chain, landmarks } = fixture()
  const blockHash = toHex(chain.blockByHeight(2)!.block.hash)
  const call = (index: string) => callMethod(context, eth_getTransactionByBlockHashAndIndex, [blockHash, index])
  expect(await call('0x1')).toMatchObject({ hash: toHex(landmarks.legacy), transactionIndex: '0x1', blockHash })
  expect(await call('0x2')).toBeNull()
})
