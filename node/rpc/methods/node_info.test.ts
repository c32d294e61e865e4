import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, VALIDATORS } from '../fixture.ts'
import { node_info } from './node_info.ts'

describe('node_info', () => {
  it('says who the node is, and nothing about the machine it is on', async () => {
    const { context, chain } = fixture()
    const id = '12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o'
    chain.network = { id, multiaddrs: [`/ip4/127.0.0.1/tcp/1/p2p/${id}`], peers: () => [] }
    chain.validator = VALIDATORS[0]!
    expect(await callMethod(context, node_info)).toEqual({
      node_id: id,
      multiaddrs: [`/ip4/127.0.0.1/tcp/1/p2p/${id}`],
      client_version: context.clientVersion,
      network: 'devnet',
      chain_id: 26_180,
      genesis_hash: toHex(chain.genesisHash),
      validator: formatAddress(VALIDATORS[0]!),
    })
  })

  it('has neither addresses nor a validator where there are none', async () => {
    const { context } = fixture()
    expect(await callMethod(context, node_info)).toMatchObject({ node_id: null, multiaddrs: [], validator: null })
  })
})
