import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_revert } from './dev_revert.ts'
import { dev_snapshot } from './dev_snapshot.ts'

describe('dev_revert', () => {
  it('goes back to a snapshot, once', async () => {
    const { context, chain } = fixture()
    const id = await callMethod(context, dev_snapshot)
    chain.mine()
    expect(await callMethod(context, dev_revert, [id])).toBe(true)
    expect(chain.latest().height).toBe(12)
    expect(await callMethod(context, dev_revert, [id])).toBe(false)
    expect(dev_revert.aliases).toEqual(['evm_revert'])
    expect(await refusalTag(fixture({ devnet: false }).context, dev_revert, [1])).toBe('DEVNET_ONLY')
  })
})
