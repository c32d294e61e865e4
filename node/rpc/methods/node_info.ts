import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { defineMethod, Type } from '../method.ts'
import { Bech32Address, Hash32, Integer, Nullable } from '../schema.ts'

export const node_info = defineMethod({
  name: 'node_info',
  summary:
    'Who this node is: its peer id and addresses on the network, its version, its chain, and the validator it signs for.',
  params: [],
  result: Type.Object(
    {
      node_id: Nullable(Type.String({ description: 'base58 peer id; null where the network is inside one process' })),
      multiaddrs: Type.Array(Type.String(), { description: 'where other nodes reach it' }),
      client_version: Type.String(),
      network: Type.String(),
      chain_id: Integer,
      genesis_hash: Hash32,
      validator: Nullable(Bech32Address),
    },
    { additionalProperties: false },
  ),
  example: {
    params: [],
    result: {
      node_id: '12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o',
      multiaddrs: ['/ip4/192.0.2.7/tcp/26650/p2p/12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o'],
      client_version: 'quern/0.0.0-test',
      network: 'devnet',
      chain_id: 26180,
      genesis_hash: '0xd1f6de718278b7db1e3b469794d1b13585a56868cd3121da8fba411b1c5e66cc',
      validator: null,
    },
  },
  handler: ({ node, clientVersion }) => ({
    node_id: node.network?.id ?? null,
    multiaddrs: node.network?.multiaddrs ?? [],
    client_version: clientVersion,
    network: node.genesis.network,
    chain_id: node.genesis.params.chainId,
    genesis_hash: toHex(node.genesisHash),
    validator: node.validator === undefined ? null : formatAddress(node.validator),
  }),
})
