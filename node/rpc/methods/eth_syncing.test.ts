import { expect, it } from 'vitest'
import { callMethod, fixture, overriding } from '../fixture.ts'
import { eth_syncing } from './eth_syncing.ts'

it('is false, or says how far the node has come', async () => {
  const { context, chain } = fixture()
  expect(await callMethod(context, eth_syncing)).toBe(false)
  const syncing = () => ({ startingHeight: 0, currentHeight: 10, highestHeight: 255 })
  const node = overriding(chain, { syncing })
  const expected = { startingBlock: '0x0', currentBlock: '0xa', highestBlock: '0xff' }
  expect(await callMethod({ ...context, node }, eth_syncing)).toEqual(expected)
})
