import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { callMethod, fixture, WORKER } from '../fixture.ts'
import { poc_getWorkers } from './poc_getWorkers.ts'

describe('poc_getWorkers', () => {
  it('lists a worker with what it did and was paid', async () => {
    const { context, chain } = fixture()
    const [worker, ...others] = await callMethod<{ paid: string; work_macs: string }[]>(context, poc_getWorkers)
    expect(others).toEqual([])
    expect(worker).toMatchObject({ address: formatAddress(WORKER.address), results: 5, profile: 'one CPU' })
    expect(BigInt(worker!.paid)).toBeGreaterThan(0n)
    expect(BigInt(worker!.work_macs)).toBe(5n * chain.blockByHeight(1)!.block.header.difficulty)
  })

  it('lists it for one more epoch after its last result, and then no longer', async () => {
    const { context, chain } = fixture()
    const names = async () => (await callMethod<{ address: string }[]>(context, poc_getWorkers)).length
    while (chain.latest().height < 17) chain.mine()
    expect(chain.latest().epoch).toBe(2)
    expect(await names()).toBe(1)
    while (chain.latest().height < 25) chain.mine()
    expect(chain.latest().epoch).toBe(3)
    expect(await names()).toBe(0)
  })
})
