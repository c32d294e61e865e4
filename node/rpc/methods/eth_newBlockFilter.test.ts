import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture } from '../fixture.ts'
import { eth_getFilterChanges } from './eth_getFilterChanges.ts'
import { eth_newBlockFilter } from './eth_newBlockFilter.ts'

it('gathers the hashes of new blocks, those after a rollback too', async () => {
  const { context, chain } = fixture()
  const id = await callMethod<string>(context, eth_newBlockFilter)
  const mined = [chain.mine(), chain.reorg().added]
  const hashes = mined.map(({ block }) => toHex(block.hash))
  expect(await callMethod(context, eth_getFilterChanges, [id])).toEqual(hashes)
})
