import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_heal } from './dev_heal.ts'
import { dev_partition } from './dev_partition.ts'

it('dev_heal ends a partition, on devnets only', async () => {
  const { context, network } = fixture()
  await callMethod(context, dev_partition, [[[0]]])
  expect(await callMethod(context, dev_heal)).toBeNull()
  expect(network.groups).toBeUndefined()
  expect(await refusalTag(fixture({ devnet: false }).context, dev_heal)).toBe('DEVNET_ONLY')
})
