import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_setNextBlockTimestamp } from './dev_setNextBlockTimestamp.ts'

describe('dev_setNextBlockTimestamp', () => {
  it('sets the time of the next block', async () => {
    const { context, chain, dev } = fixture()
    expect(await callMethod(context, dev_setNextBlockTimestamp, ['0x6b49d200'])).toBeNull()
    await dev.mine(1)
    expect(chain.latest().timestampMs).toBe(0x6b49d200 * 1000)
    expect(dev_setNextBlockTimestamp.aliases).toEqual(['evm_setNextBlockTimestamp'])
  })

  it('refuses a time before the next block can be', async () => {
    const { context, chain } = fixture()
    const nowSeconds = chain.latest().timestampMs / 1000
    expect(await refusalTag(context, dev_setNextBlockTimestamp, [nowSeconds])).toBe('INVALID_PARAMS')
    expect(await callMethod(context, dev_setNextBlockTimestamp, [nowSeconds + 1])).toBeNull()
    expect(await refusalTag(fixture({ devnet: false }).context, dev_setNextBlockTimestamp, [1])).toBe('DEVNET_ONLY')
  })
})
