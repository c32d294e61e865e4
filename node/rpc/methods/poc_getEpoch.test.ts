import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { poc_getEpoch } from './poc_getEpoch.ts'

describe('poc_getEpoch', () => {
  it('gives the work of the current epoch, of the one before, and of one that the state has forgotten', async () => {
    const { context, chain } = fixture()
    const current = await callMethod<{ pool: string }>(context, poc_getEpoch)
    expect(current).toMatchObject({ epoch: 1, first_height: 9, last_height: 16, results: 1, workers: 1 })
    expect(BigInt(current.pool)).toBeGreaterThan(0n)
    const first = await callMethod(context, poc_getEpoch, [0])
    expect(first).toMatchObject({ epoch: 0, first_height: 1, last_height: 8, results: 4, workers: 1, pool: '0' })
    while (chain.latest().epoch < 4) chain.mine()
    expect(await callMethod(context, poc_getEpoch, ['0x0'])).toEqual(first)
    expect(await refusalTag(context, poc_getEpoch, [5])).toBe('EPOCH_UNKNOWN')
  })
})
