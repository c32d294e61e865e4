import { describe, expect, it } from 'vitest'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getSupply } from './chain_getSupply.ts'

describe('chain_getSupply', () => {
  it('adds up', async () => {
    const { context } = fixture()
    const { genesis, minted, burned, total, ...held } = await callMethod<Record<string, string>>(
      context,
      chain_getSupply,
    )
    expect(BigInt(genesis!) + BigInt(minted!) - BigInt(burned!)).toBe(BigInt(total!))
    expect(Object.values(held).reduce((sum, wei) => sum + BigInt(wei), 0n)).toBe(BigInt(total!))
    expect(held.bonded).toBe((10_010n * WEI_PER_CPC).toString())
  })

  it('looks back', async () => {
    const { context } = fixture()
    expect(await callMethod(context, chain_getSupply, { height: 0 })).toMatchObject({
      minted: '0',
      burned: '0',
      total: (60_000n * WEI_PER_CPC).toString(),
    })
    expect(await refusalTag(context, chain_getSupply, [13])).toBe('BLOCK_UNKNOWN')
  })
})
