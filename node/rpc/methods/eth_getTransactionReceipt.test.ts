import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getTransactionReceipt } from './eth_getTransactionReceipt.ts'

it('says what became of a transaction', async () => {
  const { context, landmarks } = fixture()
  const call = (hash: Uint8Array) => callMethod<object | null>(context, eth_getTransactionReceipt, [toHex(hash)])
  const legacy = await call(landmarks.legacy)
  expect(legacy).toMatchObject({ status: '0x1', type: '0x0', gasUsed: '0x5208', cumulativeGasUsed: '0xa410' })
  expect(legacy).toMatchObject({ effectiveGasPrice: '0xfa0', transactionIndex: '0x1', contractAddress: null, logs: [] })
  expect(legacy).not.toHaveProperty('error')
  const failed = await call(landmarks.failedResult)
  expect(failed).toMatchObject({ status: '0x0', error: 'RESULT_HASH_MISMATCH', gasUsed: '0x13880', to: null })
  expect(await call(new Uint8Array(32))).toBeNull()
})
