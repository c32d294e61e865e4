import { toHex } from '../../../core/bytes.ts'
import { defineMethod, Type } from '../method.ts'
import { DecimalString, Hash32, Integer } from '../schema.ts'

export const chain_getStatus = defineMethod({
  name: 'chain_getStatus',
  summary: 'Where this node stands: newest notarised and newest final block, epoch, peers and mempool.',
  params: [],
  result: Type.Object(
    {
      network: Type.String(),
      chain_id: Integer,
      genesis_hash: Hash32,
      client_version: Type.String(),
      height: Integer,
      block_hash: Hash32,
      timestamp_ms: Integer,
      finalized_height: Integer,
      finalized_hash: Hash32,
      epoch: Integer,
      view: Integer,
      next_base_fee: DecimalString,
      peers: Integer,
      pending: Integer,
      queued: Integer,
      syncing: Type.Boolean(),
    },
    { additionalProperties: false },
  ),
  example: {
    params: [],
    result: {
      network: 'devnet',
      chain_id: 26180,
      genesis_hash: '0xd1f6de718278b7db1e3b469794d1b13585a56868cd3121da8fba411b1c5e66cc',
      client_version: 'quern/0.0.0-test',
      height: 12,
      block_hash: '0x462a6ce0fbce3ce025972e7c5778d1bcb84462f569a3ef49cdebd1d2b9390315',
      timestamp_ms: 1700000006000,
      finalized_height: 10,
      finalized_hash: '0xbc214c14ee66a798962e91cdd8e1eaaaa2b0cbd8bf5dcd92c3a54465036d77dd',
      epoch: 1,
      view: 3,
      next_base_fee: '1000',
      peers: 3,
      pending: 0,
      queued: 0,
      syncing: false,
    },
  },
  handler: ({ node, clientVersion }) => {
    const latest = node.latest()
    const finalized = node.finalized()
    const { pending, queued } = node.pool().counts()
    return {
      network: node.genesis.network,
      chain_id: node.genesis.params.chainId,
      genesis_hash: toHex(node.genesisHash),
      client_version: clientVersion,
      height: latest.height,
      block_hash: toHex(latest.hash),
      timestamp_ms: latest.timestampMs,
      finalized_height: finalized.height,
      finalized_hash: toHex(finalized.hash),
      epoch: latest.epoch,
      view: latest.view,
      next_base_fee: node.nextBaseFee().toString(),
      peers: node.peerCount(),
      pending,
      queued,
      syncing: node.syncing() !== undefined,
    }
  },
})
