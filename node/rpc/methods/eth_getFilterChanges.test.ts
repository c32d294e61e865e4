import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_getFilterChanges } from './eth_getFilterChanges.ts'

it('tells each change once, and forgets filters that nobody asks for', async () => {
  const { context, chain, clock } = fixture()
  const id = context.filters.create('block')
  const changes = () => callMethod<string[]>(context, eth_getFilterChanges, [id])
  chain.mine()
  expect(await changes()).toHaveLength(1)
  expect(await changes()).toEqual([])
  clock.nowMs += 300_001
  expect(await refusalTag(context, eth_getFilterChanges, [id])).toBe('FILTER_UNKNOWN')
})
