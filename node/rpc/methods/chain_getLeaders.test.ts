import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getLeaders } from './chain_getLeaders.ts'

interface Leaders {
  epoch: number
  leaders: { view: number; validator: string }[]
}

describe('chain_getLeaders', () => {
  it('names who proposed the blocks there are', async () => {
    const { context, chain } = fixture()
    const { leaders } = await callMethod<Leaders>(context, chain_getLeaders, { epoch: 0, from: 0, count: 8 })
    for (const { view, validator } of leaders) {
      expect(validator).toBe(formatAddress(chain.blockByHeight(view + 1)!.block.header.proposer))
    }
    expect(leaders).toHaveLength(8)
  })

  it('begins after the newest block', async () => {
    const { context, chain } = fixture()
    const { epoch, leaders } = await callMethod<Leaders>(context, chain_getLeaders)
    expect([epoch, leaders[0]!.view, leaders.length]).toEqual([1, chain.latest().view + 1, 16])
    expect(leaders[0]!.validator).toBe(formatAddress(chain.mine().block.header.proposer))
  })

  it('refuses epochs whose randomness is not known, and too many', async () => {
    const { context } = fixture()
    expect(await refusalTag(context, chain_getLeaders, [2])).toBe('EPOCH_UNKNOWN')
    expect(await refusalTag(context, chain_getLeaders, [1, 0, 257])).toBe('INVALID_PARAMS')
  })
})
