import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import type { Validator } from '../../../vm/state/tables.ts'
import { validators } from '../../../vm/state/tables.ts'
import { StateView } from '../../../vm/state/view.ts'
import { validatorJson, viewpoint } from '../chain/validator.ts'
import { ACCOUNTS, callMethod, fixture, VALIDATORS } from '../fixture.ts'
import { chain_getValidator } from './chain_getValidator.ts'

describe('chain_getValidator', () => {
  const owner = VALIDATORS[0]!

  it('gives a validator by either form of its address', async () => {
    const { context } = fixture()
    const validator = await callMethod<{ rewards_owed: string }>(context, chain_getValidator, [formatAddress(owner)])
    expect(validator).toMatchObject({
      address: formatAddress(owner),
      status: 'active',
      tokens: (5_010n * WEI_PER_CPC).toString(),
      commission_bps: 0,
      jailed_until_epoch: null,
      epoch: 1,
      power: (5_000n * WEI_PER_CPC).toString(),
    })
    expect(BigInt(validator.rewards_owed)).toBeGreaterThan(0n)
    expect(await callMethod(context, chain_getValidator, [toHex(owner)])).toEqual(validator)
    expect(await callMethod(context, chain_getValidator, [toHex(ACCOUNTS[0]!.address)])).toBeNull()
  })

  it('tells the states of a validator apart', () => {
    const { chain } = fixture()
    const view = viewpoint(chain, 1)
    const statusOf = (change: Partial<Validator>, serves: boolean) => {
      const state = new StateView(view.state)
      state.set(validators, owner, { ...state.get(validators, owner)!, ...change })
      const written = new Map(state.finish().map(({ treeKey, value }) => [toHex(treeKey), value]))
      const reader = { get: (key: Uint8Array) => written.get(toHex(key)) ?? view.state.get(key) }
      const currentSet = serves ? view.currentSet : undefined
      return validatorJson({ ...view, state: reader, currentSet }, owner)!.status
    }
    expect(statusOf({}, true)).toBe('active')
    expect(statusOf({}, false)).toBe('candidate')
    expect(statusOf({ jailedUntilEpoch: 3 }, true)).toBe('jailed')
    expect(statusOf({ jailedUntilEpoch: 3, tombstoned: true }, true)).toBe('tombstoned')
    const unlisted = { ...view, currentSet: undefined, listed: new Set<string>() }
    expect(validatorJson(unlisted, owner)!.status).toBe('inactive')
    const tooSmall = { ...view, currentSet: undefined, minStakeWei: 5_010n * WEI_PER_CPC + 1n }
    expect(validatorJson(tooSmall, owner)!.status).toBe('inactive')
  })
})
