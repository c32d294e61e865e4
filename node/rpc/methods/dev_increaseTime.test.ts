import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_increaseTime } from './dev_increaseTime.ts'

describe('dev_increaseTime', () => {
  it('shifts by seconds and answers the whole shift', async () => {
    const { context, chain } = fixture()
    const before = chain.latest().timestampMs
    expect(await callMethod(context, dev_increaseTime, [60])).toBe('0x3c')
    expect(await callMethod(context, dev_increaseTime, ['0xa'])).toBe('0x46')
    expect(chain.mine({ timestampMs: before + 70_500 }).block.header.timestampMs).toBe(before + 70_500)
    expect(dev_increaseTime.aliases).toEqual(['evm_increaseTime'])
  })

  it('takes no milliseconds, no past and no other network', async () => {
    const { context } = fixture()
    for (const seconds of [10_000_000_001, -1, 1.5]) {
      expect(await refusalTag(context, dev_increaseTime, [seconds])).toBe('INVALID_PARAMS')
    }
    expect(await refusalTag(fixture({ devnet: false }).context, dev_increaseTime, [1])).toBe('DEVNET_ONLY')
  })
})
