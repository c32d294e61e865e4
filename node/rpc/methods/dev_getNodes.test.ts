import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_getNodes } from './dev_getNodes.ts'
import { dev_killValidator } from './dev_killValidator.ts'

it('dev_getNodes tells who runs, on devnets only', async () => {
  const { context, chain } = fixture()
  await callMethod(context, dev_killValidator, [1])
  const { height, hash } = chain.finalized()
  const place = { node_id: expect.stringMatching(/^12D3/), multiaddr: expect.stringMatching(/^\/ip4\/.*\/p2p\/12D3/) }
  expect(await callMethod(context, dev_getNodes)).toEqual([
    { name: 'validator-0', ...place, pid: 1000, rpc: null, finalized_height: height, finalized_hash: toHex(hash) },
    { name: 'validator-1', ...place, pid: null, rpc: null, finalized_height: null, finalized_hash: null },
  ])
  expect(await refusalTag(fixture({ devnet: false }).context, dev_getNodes)).toBe('DEVNET_ONLY')
})
