import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getBlockReceipts } from './eth_getBlockReceipts.ts'
import { eth_getTransactionReceipt } from './eth_getTransactionReceipt.ts'

it('lists what eth_getTransactionReceipt says of each', async () => {
  const { context, chain } = fixture()
  const block = chain.blockByHeight(4)!
  const single = block.transactions.map(({ hash }) => callMethod(context, eth_getTransactionReceipt, [toHex(hash)]))
  const expected = await Promise.all(single)
  expect(expected).toHaveLength(5)
  expect(await callMethod(context, eth_getBlockReceipts, ['0x4'])).toEqual(expected)
  expect(await callMethod(context, eth_getBlockReceipts, [toHex(block.block.hash)])).toEqual(expected)
  expect(await callMethod(context, eth_getBlockReceipts, [{ blockHash: toHex(block.block.hash) }])).toEqual(expected)
  expect(await callMethod(context, eth_getBlockReceipts, ['0x99'])).toBeNull()
})
