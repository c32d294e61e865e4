import { describe, expect, it } from 'vitest'
import { callMethod, fixture, PARAMS, refusalTag } from '../fixture.ts'
import { poc_getDifficulty } from './poc_getDifficulty.ts'

describe('poc_getDifficulty', () => {
  it('gives the difficulty of an epoch with the targets that follow from it', async () => {
    const { context } = fixture()
    const current = await callMethod<{ targets: Record<string, string> }>(context, poc_getDifficulty)
    expect(current).toMatchObject({ epoch: 1, target_results_per_block: PARAMS.targetResultsPerBlock })
    expect(current.targets['256']).toBe(`0x04${'00'.repeat(31)}`)
    expect(await callMethod(context, poc_getDifficulty, ['current'])).toEqual(current)
    expect(await callMethod(context, poc_getDifficulty, { epoch: '0' })).toMatchObject({
      epoch: 0,
      difficulty: PARAMS.genesisDifficultyMacs.toString(),
    })
    expect(await refusalTag(context, poc_getDifficulty, [7])).toBe('EPOCH_UNKNOWN')
  })
})
