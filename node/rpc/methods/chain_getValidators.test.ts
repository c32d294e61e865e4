import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getValidators } from './chain_getValidators.ts'

interface Validator {
  address: string
  status: string
  power: string
  proposed_views: number
}

describe('chain_getValidators', () => {
  it('lists everybody with stake, power and status', async () => {
    const { context, chain } = fixture()
    const list = await callMethod<Validator[]>(context, chain_getValidators)
    const { members } = chain.validatorSet(1)!
    expect(list.map(({ address }) => address)).toEqual(members.map(({ address }) => formatAddress(address)))
    expect(list.map(({ power }) => power)).toEqual(members.map(({ power }) => power.toString()))
    expect(list.every(({ status }) => status === 'active')).toBe(true)
    expect(list.reduce((sum, { proposed_views }) => sum + proposed_views, 0)).toBe(4)
  })

  it('lists the set of an epoch in its order, with what it did then', async () => {
    const { context, chain } = fixture()
    while (chain.latest().epoch < 3) chain.mine()
    const list = await callMethod<Validator[]>(context, chain_getValidators, { epoch: 0 })
    expect(list.map(({ address }) => address)).toEqual(
      chain.validatorSet(0)!.members.map(({ address }) => formatAddress(address)),
    )
    expect(list.reduce((sum, { proposed_views }) => sum + proposed_views, 0)).toBe(8)
    expect(await refusalTag(context, chain_getValidators, [9])).toBe('EPOCH_UNKNOWN')
  })
})
