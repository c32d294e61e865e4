import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_mine } from './dev_mine.ts'

describe('dev_mine', () => {
  it('makes one block, or as many as asked', async () => {
    const { context, chain } = fixture()
    expect(await callMethod(context, dev_mine)).toBeNull()
    expect(chain.latest().height).toBe(13)
    await callMethod(context, dev_mine, ['0x3', '0x0'])
    expect(chain.latest().height).toBe(16)
    await callMethod(context, dev_mine, { blocks: 0 })
    expect(chain.latest().height).toBe(16)
  })

  it('leaves an interval between them', async () => {
    const { context, chain } = fixture()
    await callMethod(context, dev_mine, [3, 60])
    const times = [13, 14, 15].map((height) => chain.blockByHeight(height)!.block.header.timestampMs)
    expect(times.map((ms) => Math.floor(ms / 1000) - Math.floor(times[0]! / 1000))).toEqual([0, 60, 120])
  })

  it('is bounded, and for devnets only', async () => {
    expect(await refusalTag(fixture().context, dev_mine, [1_025])).toBe('INVALID_PARAMS')
    expect(await refusalTag(fixture({ devnet: false }).context, dev_mine)).toBe('DEVNET_ONLY')
    expect(dev_mine.aliases).toEqual(['anvil_mine'])
  })
})
