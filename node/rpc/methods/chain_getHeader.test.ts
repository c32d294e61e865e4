import { describe, expect, it } from 'vitest'
import { decodeHeader, encodeHeader, headerHash } from '../../../consensus/header.ts'
import { hexKey, toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getHeader } from './chain_getHeader.ts'

const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

describe('chain_getHeader', () => {
  it('has the header fields in snake_case and in order, and the hash', async () => {
    const { context, chain } = fixture()
    const { header } = chain.blockByHeight(4)!.block
    const json = await callMethod<Record<string, unknown>>(context, chain_getHeader, [4])
    const inOrder = decodeHeader(encodeHeader(header))
    expect(Object.keys(json)).toEqual([...Object.keys(inOrder).map(snake), 'hash'])
    expect(json).toMatchObject({
      hash: toHex(headerHash(header)),
      compute_root: hexKey(header.computeRoot),
      difficulty: header.difficulty.toString(),
      gas_used: header.gasUsed,
      extra_data: '0x',
    })
  })

  it('has an empty compute_root where there is no result', async () => {
    const { context } = fixture()
    expect(await callMethod(context, chain_getHeader, [5])).toMatchObject({ compute_root: '', result_count: 0 })
  })

  it('takes heights, tags and hashes', async () => {
    const { context } = fixture()
    const expected = await callMethod<{ hash: string }>(context, chain_getHeader, [10])
    for (const height of ['10', '0xa', 'finalized', 'safe', expected.hash]) {
      expect(await callMethod(context, chain_getHeader, { height })).toEqual(expected)
    }
    expect(await callMethod(context, chain_getHeader)).toMatchObject({ height: 12 })
    expect(await callMethod(context, chain_getHeader, ['earliest'])).toMatchObject({
      height: 0,
      randomness_reveal: '0x',
    })
    expect(await callMethod(context, chain_getHeader, [13])).toBeNull()
    expect(await callMethod(context, chain_getHeader, [`0x${'00'.repeat(32)}`])).toBeNull()
    expect(await refusalTag(context, chain_getHeader, ['-1'])).toBe('INVALID_PARAMS')
  })
})
