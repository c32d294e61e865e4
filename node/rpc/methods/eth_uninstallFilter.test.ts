import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_uninstallFilter } from './eth_uninstallFilter.ts'

it('forgets a filter once', async () => {
  const { context, chain } = fixture()
  const id = context.filters.create('block')
  expect(chain.listenerCount).toBe(1)
  expect(await callMethod(context, eth_uninstallFilter, [id])).toBe(true)
  expect(await callMethod(context, eth_uninstallFilter, [id])).toBe(false)
  expect(chain.listenerCount).toBe(0)
})
