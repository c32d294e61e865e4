import { expect, it } from 'vitest'
import { fixture } from '../fixture.ts'
import { receiptJson, receiptsJson } from './receipt.ts'

it('counts gram as gas, so that gasUsed * effectiveGasPrice is what was paid', () => {
  const block = fixture().chain.blockByHeight(2)!
  const executed = { ...block, receipts: block.receipts.map((receipt, i) => ({ ...receipt, gramUsed: 100 * (i + 1) })) }
  const numbers = receiptsJson(executed).map((json) => [Number(json.gasUsed), Number(json.cumulativeGasUsed)])
  expect(numbers).toEqual([
    [21_100, 21_100],
    [21_200, 42_300],
  ])
  expect([0, 1].map((i) => receiptJson(executed, i))).toEqual(receiptsJson(executed))
})
