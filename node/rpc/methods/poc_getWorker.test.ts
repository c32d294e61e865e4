import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex, utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { ACCOUNTS, callMethod, fixture, native, refusalTag, VALIDATORS, WORKER } from '../fixture.ts'
import { poc_getWorker } from './poc_getWorker.ts'

describe('poc_getWorker', () => {
  it('takes both text forms of an address, and answers null for a stranger', async () => {
    const { context } = fixture()
    const worker = await callMethod(context, poc_getWorker, [formatAddress(WORKER.address)])
    expect(worker).toMatchObject({ address: formatAddress(WORKER.address), results: 5, validator: null })
    expect(await callMethod(context, poc_getWorker, [toHex(WORKER.address)])).toEqual(worker)
    expect(await callMethod(context, poc_getWorker, [toHex(ACCOUNTS[0]!.address)])).toBeNull()
    expect(await refusalTag(context, poc_getWorker, [`${formatAddress(WORKER.address).slice(0, -1)}q`])).toBe(
      'ADDRESS_INVALID',
    )
  })

  it('shows a registration before and after it takes effect', async () => {
    const { context, chain, dev } = fixture()
    const [owner] = VALIDATORS
    const update = {
      kind: 'UPDATE_VALIDATOR',
      name: '',
      website: '',
      description: '',
      commissionBps: 0,
      openToWorkers: true,
    } as const
    await dev.setBalance(owner!, WEI_PER_CPC)
    const key = { address: owner!, privateKey: sha256(utf8('validator 0')) }
    await chain.submit(native(chain, key, update))
    chain.mine()
    const register = { kind: 'REGISTER_WORKER', validator: owner!, profile: 'two CPUs' } as const
    await chain.submit(native(chain, WORKER, register))
    chain.mine()
    const name = formatAddress(owner!)
    const before = { validator: null, next_validator: name, next_validator_epoch: 2, profile: 'two CPUs' }
    expect(await callMethod(context, poc_getWorker, [toHex(WORKER.address)])).toMatchObject(before)
    while (chain.latest().epoch < 2) chain.mine()
    const after = { validator: name, next_validator: null, next_validator_epoch: null }
    expect(await callMethod(context, poc_getWorker, [toHex(WORKER.address)])).toMatchObject(after)
  })
})
