import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { ACCOUNTS, callMethod } from '../fixture.ts'
import { eth_getBlockByNumber } from '../methods/eth_getBlockByNumber.ts'
import { eth_getTransactionByHash } from '../methods/eth_getTransactionByHash.ts'
import { eth_getTransactionReceipt } from '../methods/eth_getTransactionReceipt.ts'
import { VprogFixture } from '../vprog/fixture.ts'
import { receiptJson, receiptsJson } from './receipt.ts'

const balanceOf = (own: VprogFixture, account: number, height: number): bigint =>
  readRecord(own.chain.stateAt(height)!, accounts, ACCOUNTS[account]!.address)!.balance

it('counts gram as gas, so that gasUsed * effectiveGasPrice is what was paid', async () => {
  const own = new VprogFixture()
  const first = own.deploy(1, 0)
  const second = own.deploy(2, 1)
  const settlements = [own.settling(first), own.settling(second, 1)]
  const height = own.mine(own.message(3, 2), ...settlements, own.message(3, 2, 1))
  const executed = own.chain.blockByHeight(height)!
  const receipts = receiptsJson(executed)
  let sum = 0
  for (const [i, { gasUsed, cumulativeGasUsed }] of receipts.entries()) {
    const { gasUsed: gas, gramUsed } = executed.receipts[i]!
    expect(gramUsed > 0).toBe(i === 1 || i === 2)
    expect(Number(gasUsed)).toBe(gas + gramUsed)
    sum += Number(gasUsed)
    expect(Number(cumulativeGasUsed)).toBe(sum)
    expect(receiptJson(executed, i)).toEqual(receipts[i])
  }
  for (const account of [0, 1]) {
    const { gasUsed, effectiveGasPrice } = receipts[1 + account]!
    const paid = balanceOf(own, account, height - 1) - balanceOf(own, account, height)
    expect(paid).toBe(BigInt(gasUsed) * BigInt(effectiveGasPrice))
  }
  const block = await callMethod<{ gasUsed: string }>(own.context, eth_getBlockByNumber, [
    `0x${height.toString(16)}`,
    false,
  ])
  expect(Number(block.gasUsed)).toBe(sum)
})

it('shows kinds 16 and 17 as native transactions', async () => {
  const own = new VprogFixture()
  const covenant = own.deploy()
  const lane = own.message(1, 1)
  const settling = own.settling(covenant)
  own.mine(lane, settling)
  for (const [{ transaction }, kind] of [
    [lane, 16],
    [settling, 17],
  ] as const) {
    const hash = toHex(transaction.hash)
    expect(await callMethod(own.context, eth_getTransactionByHash, [hash])).toMatchObject({
      hash,
      type: '0x71',
      to: null,
      value: '0x0',
      input: toHex(Uint8Array.of(kind, ...transaction.body)),
    })
    const receipt = { transactionHash: hash, type: '0x71', status: '0x1', to: null }
    expect(await callMethod(own.context, eth_getTransactionReceipt, [hash])).toMatchObject(receipt)
  }
})
