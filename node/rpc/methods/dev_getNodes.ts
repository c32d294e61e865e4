import { toHex } from '../../../core/bytes.ts'
import { defineMethod, devControls, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'

export const dev_getNodes = defineMethod({
  name: 'dev_getNodes',
  summary:
    'The nodes of the devnet, validators first: process and URL where they have their own, null while they do not run, and ' +
    'the newest final block where this process can see it. Devnets only.',
  params: [],
  result: Type.Array(
    Type.Object(
      {
        name: Type.String(),
        node_id: Type.String(),
        multiaddr: Type.String(),
        pid: Nullable(Integer),
        rpc: Nullable(Type.String()),
        finalized_height: Nullable(Integer),
        finalized_hash: Nullable(Hash32),
      },
      { additionalProperties: false },
    ),
  ),
  devOnly: true,
  example: {
    params: [],
    result: [
      {
        name: 'validator-0',
        node_id: '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo',
        multiaddr: '/ip4/127.0.0.1/tcp/40001/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo',
        pid: 4242,
        rpc: 'http://127.0.0.1:8546',
        finalized_height: null,
        finalized_hash: null,
      },
    ],
  },
  handler: (context) =>
    devControls(context)
      .nodes()
      .map(({ name, nodeId, multiaddr, pid, rpc, finalized }) => ({
        name,
        node_id: nodeId,
        multiaddr,
        pid: pid ?? null,
        rpc: rpc ?? null,
        finalized_height: finalized?.height ?? null,
        finalized_hash: finalized === undefined ? null : toHex(finalized.hash),
      })),
})
