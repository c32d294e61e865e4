import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_partition } from './dev_partition.ts'

describe('dev_partition', () => {
  it('cuts the network into the groups it is given', async () => {
    const { context, network } = fixture()
    expect(await callMethod(context, dev_partition, [[[0], [1]]])).toBeNull()
    expect(network.groups).toEqual([[0], [1]])
    await callMethod(context, dev_partition, { groups: [[1]] })
    expect(network.groups).toEqual([[1]])
  })

  it('refuses what is no list of groups', async () => {
    const { context, network } = fixture()
    const wrong = [[], [0], [[0, 1]], [[['0']]], [[[-1]]], [[[0.5]]], [Array(33).fill([0])], [[Array(33).fill(0)]]]
    for (const params of wrong) expect(await refusalTag(context, dev_partition, params)).toBe('INVALID_PARAMS')
    expect(await refusalTag(context, dev_partition, [[[0, 0]]])).toBe('PARTITION_INVALID')
    expect(network.groups).toBeUndefined()
    expect(await refusalTag(fixture({ devnet: false }).context, dev_partition, [[[0]]])).toBe('DEVNET_ONLY')
  })
})
