import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { chain_getStatus } from './chain_getStatus.ts'

describe('chain_getStatus', () => {
  it('says where the node stands', async () => {
    const { context, chain } = fixture()
    await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
    await chain.submit(transfer(chain, ACCOUNTS[1]!, ACCOUNTS[0]!.address, 1n, { nonce: 9 }))
    expect(await callMethod(context, chain_getStatus)).toMatchObject({
      network: 'devnet',
      chain_id: 26_180,
      genesis_hash: toHex(chain.genesisHash),
      height: 12,
      block_hash: toHex(chain.latest().hash),
      finalized_height: 10,
      epoch: 1,
      peers: 3,
      pending: 1,
      queued: 1,
      syncing: false,
    })
  })
})
