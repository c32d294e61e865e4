import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_getFilterLogs } from './eth_getFilterLogs.ts'

it('is empty for a log filter, and for those only', async () => {
  const { context } = fixture()
  expect(await callMethod(context, eth_getFilterLogs, [context.filters.create('log')])).toEqual([])
  expect(await refusalTag(context, eth_getFilterLogs, [context.filters.create('block')])).toBe('INVALID_PARAMS')
  expect(await refusalTag(context, eth_getFilterLogs, ['0x1'])).toBe('FILTER_UNKNOWN')
})
