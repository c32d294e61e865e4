import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getTransactionByBlockNumberAndIndex } from './eth_getTransactionByBlockNumberAndIndex.ts'

it('finds a transaction by its place', async () => {
  const { context, landmarks } = fixture()
  const call = (block: string, index: string) =>
    callMethod(context, eth_getTransactionByBlockNumberAndIndex, [block, index])
  expect(await call('0x2', '0x0')).toMatchObject({ hash: toHex(landmarks.eip1559), transactionIndex: '0x0' })
  expect(await call('latest', '0x0')).toMatchObject({ hash: toHex(landmarks.results[4]!) })
  expect(await call('0x99', '0x0')).toBeNull()
  expect(await call('0x1', '0x0')).toBeNull()
})
