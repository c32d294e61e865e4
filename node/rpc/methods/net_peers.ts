import { formatAddress } from '../../../core/address.ts'
import { defineMethod, Type } from '../method.ts'
import { Bech32Address, Integer, Nullable } from '../schema.ts'

export const net_peers = defineMethod({
  name: 'net_peers',
  summary: 'The peers this node talks to, with what it knows and thinks of them.',
  params: [],
  result: Type.Array(
    Type.Object(
      {
        node_id: Type.String({ description: 'base58 peer id' }),
        address: Type.String({ description: 'multiaddr of the connection' }),
        direction: Type.Union([Type.Literal('inbound'), Type.Literal('outbound')]),
        client_version: Type.String(),
        height: Integer,
        score: Type.Number({ description: '0 is neutral, below it the peer has misbehaved' }),
        persistent: Type.Boolean(),
        validator: Nullable(Bech32Address),
        connected_at_ms: Integer,
      },
      { additionalProperties: false },
    ),
  ),
  example: {
    params: [],
    result: [
      {
        node_id: '12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o',
        address: '/ip4/192.0.2.7/tcp/26650',
        direction: 'outbound',
        client_version: 'quern/0.0.0-test',
        height: 10,
        score: 0,
        persistent: true,
        validator: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnx0mk0da',
        connected_at_ms: 1700000006000,
      },
    ],
  },
  handler: ({ node }) =>
    (node.network?.peers() ?? []).map((peer) => ({
      node_id: peer.id,
      address: peer.address,
      direction: peer.direction,
      client_version: peer.agent,
      height: peer.height,
      score: peer.score,
      persistent: peer.isPersistent,
      validator: peer.validator === undefined ? null : formatAddress(peer.validator),
      connected_at_ms: peer.connectedAtMs,
    })),
})
