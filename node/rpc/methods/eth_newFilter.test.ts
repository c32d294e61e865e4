import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_newFilter } from './eth_newFilter.ts'

it('makes a log filter that stays empty', async () => {
  const { context, chain } = fixture()
  const id = await callMethod<string>(context, eth_newFilter, [{ fromBlock: 'latest' }])
  chain.mine()
  expect(context.filters.changes(id)).toEqual([])
  expect(await refusalTag(context, eth_newFilter, [{ fromBlock: '0x2', toBlock: '0x1' }])).toBe('INVALID_PARAMS')
})
