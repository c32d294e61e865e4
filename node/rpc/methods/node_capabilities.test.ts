import { describe, expect, it } from 'vitest'
import { callMethod, fixture, overriding, refusalTag } from '../fixture.ts'
import { eth_feeHistory } from './eth_feeHistory.ts'
import { eth_getBalance } from './eth_getBalance.ts'
import { eth_getBlockByNumber } from './eth_getBlockByNumber.ts'
import { eth_getBlockReceipts } from './eth_getBlockReceipts.ts'
import { node_capabilities } from './node_capabilities.ts'
import { poc_getDifficulty } from './poc_getDifficulty.ts'

/** A chain of which blocks below 5 and states below 8 are pruned. */
function prunedFixture() {
  const { context, chain } = fixture()
  const node = overriding(chain, {
    holdings: () => ({ mode: 'full', blocksFrom: 5, statesFrom: 8, requests: ['status', 'range'] }),
    blockByHeight: (height) => (height < 5 ? undefined : chain.blockByHeight(height)),
    stateAt: (height) => (height < 8 ? undefined : chain.stateAt(height)),
  })
  return { ...context, node }
}

describe('node_capabilities', () => {
  it('names the ranges that the node holds', async () => {
    expect(await callMethod(prunedFixture(), node_capabilities)).toMatchObject({
      mode: 'full',
      blocks: { from: 5, to: 10 },
      states: { from: 8, to: 10 },
      requests: ['status', 'range'],
    })
  })

  it('outside of them answers are BLOCK_PRUNED with the range, and inside they are whole', async () => {
    const context = prunedFixture()
    for (const method of [eth_getBlockByNumber, eth_getBlockReceipts]) {
      const asked = (height: string) => (method === eth_getBlockByNumber ? [height, false] : [height])
      expect(await refusalTag(context, method, asked('0x4'))).toBe('BLOCK_PRUNED')
      expect(await refusalTag(context, method, asked('earliest'))).toBe('BLOCK_PRUNED')
      expect(await callMethod(context, method, asked('0x5'))).not.toBeNull()
      expect(await callMethod(context, method, asked('0xff'))).toBeNull()
    }
    await expect(callMethod(context, eth_getBlockByNumber, ['0x4', false])).rejects.toMatchObject({
      data: { height: 4, blocksFrom: 5, statesFrom: 8 },
    })
    expect(await callMethod(context, eth_feeHistory, ['0x14', '0x7'])).toMatchObject({ oldestBlock: '0x5' })
    const address = `0x${'11'.repeat(20)}`
    expect(await refusalTag(context, eth_getBalance, [address, '0x7'])).toBe('BLOCK_PRUNED')
    expect(await callMethod(context, eth_getBalance, [address, '0x8'])).toBe('0x0')
    expect(await refusalTag(context, poc_getDifficulty, [9])).toBe('EPOCH_UNKNOWN')
  })
})
