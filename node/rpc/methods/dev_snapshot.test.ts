import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_snapshot } from './dev_snapshot.ts'

describe('dev_snapshot', () => {
  it('answers a new id each time, on devnets only', async () => {
    const { context } = fixture()
    expect(await callMethod(context, dev_snapshot)).toBe('0x1')
    expect(await callMethod(context, dev_snapshot)).toBe('0x2')
    expect(dev_snapshot.aliases).toEqual(['evm_snapshot'])
    expect(await refusalTag(fixture({ devnet: false }).context, dev_snapshot)).toBe('DEVNET_ONLY')
  })
})
