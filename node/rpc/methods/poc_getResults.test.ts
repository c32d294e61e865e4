import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { poc_getResults } from './poc_getResults.ts'

const KEYS = ['task_id', 'worker_address', 'result_hash', 'proof', 'nonce', 'signature']

describe('poc_getResults', () => {
  it('gives exactly the hashed keys, in order, of the successful results', async () => {
    const { context } = fixture()
    const results = await callMethod<Record<string, unknown>[]>(context, poc_getResults, { height: 4 })
    expect(results.map((result) => Object.keys(result))).toEqual([KEYS, KEYS, KEYS])
    // Below the target: 2^250 at n = 256 and the fixture's difficulty of 2^22.
    expect(results[0]!.result_hash).toMatch(/^0[0-3][0-9a-f]{62}$/)
    expect(await callMethod(context, poc_getResults, { height: 5 })).toEqual([])
  })

  it('takes a height as number, decimal string, 0x hex or tag, by name and by place', async () => {
    const { context } = fixture()
    const expected = await callMethod(context, poc_getResults, [12])
    expect(expected).toHaveLength(1)
    for (const height of ['12', '0xc', 'latest']) {
      expect(await callMethod(context, poc_getResults, [{ height }])).toEqual(expected)
    }
    expect(await refusalTag(context, poc_getResults, [13])).toBe('BLOCK_UNKNOWN')
    expect(await refusalTag(context, poc_getResults, ['twelve'])).toBe('INVALID_PARAMS')
  })
})
