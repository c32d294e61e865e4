import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { eth_chainId } from './eth_chainId.ts'
import { rpc_discover } from './rpc.discover.ts'

it('describes the methods of the node', async () => {
  const { context } = fixture()
  const document = await callMethod({ ...context, methods: [eth_chainId, rpc_discover] }, rpc_discover)
  expect(document).toMatchObject({ openrpc: '1.3.2', methods: [{ name: 'eth_chainId' }, { name: 'rpc.discover' }] })
})
