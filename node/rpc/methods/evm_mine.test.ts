import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { evm_mine } from './evm_mine.ts'

describe('evm_mine', () => {
  it('takes nothing, a timestamp, or an object', async () => {
    const { context, chain } = fixture()
    expect(await callMethod(context, evm_mine)).toBe('0x0')
    expect(chain.latest().height).toBe(13)
    await callMethod(context, evm_mine, [1_800_000_000])
    expect(chain.latest()).toMatchObject({ height: 14, timestampMs: 1_800_000_000_000 })
    await callMethod(context, evm_mine, [{ blocks: '0x2' }])
    expect(chain.latest().height).toBe(16)
    await callMethod(context, evm_mine, [{ timestamp: '0x6dac2c00' }])
    expect(chain.latest().timestampMs).toBe(0x6dac2c00 * 1000)
  })

  it('does not go back in time', async () => {
    const { context, chain } = fixture()
    expect(await refusalTag(context, evm_mine, [1_600_000_000])).toBe('INVALID_PARAMS')
    expect(chain.latest().height).toBe(12)
    expect(await refusalTag(fixture({ devnet: false }).context, evm_mine)).toBe('DEVNET_ONLY')
  })
})
