import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import type { PeerInfo } from '../../../p2p/options.ts'
import { callMethod, fixture, VALIDATORS } from '../fixture.ts'
import { net_peers } from './net_peers.ts'

const PEER: PeerInfo = {
  id: '12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o',
  address: '/ip4/127.0.0.1/tcp/1',
  direction: 'inbound',
  agent: 'quern/1.2.3',
  height: 9,
  score: -1.5,
  isPersistent: false,
  validator: VALIDATORS[1]!,
  connectedAtMs: 1_700_000_000_000,
}

describe('net_peers', () => {
  it('lists the peers', async () => {
    const { context, chain } = fixture()
    const peers = [PEER, { ...PEER, id: 'other', validator: undefined, isPersistent: true }]
    chain.network = { id: 'own', multiaddrs: [], peers: () => peers }
    const first = {
      node_id: PEER.id,
      address: PEER.address,
      direction: 'inbound',
      client_version: 'quern/1.2.3',
      height: 9,
      score: -1.5,
      persistent: false,
      validator: formatAddress(VALIDATORS[1]!),
      connected_at_ms: 1_700_000_000_000,
    }
    expect(await callMethod(context, net_peers)).toEqual([
      first,
      { ...first, node_id: 'other', validator: null, persistent: true },
    ])
  })

  it('is empty without a network', async () => {
    expect(await callMethod(fixture().context, net_peers)).toEqual([])
  })
})
