import { follow } from '../chain/subscription.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { defineMethod, required, Type } from '../method.ts'
import { HeightRef, Quantity } from '../schema.ts'
import { openLaneFeed } from '../vprog/lane-feed.ts'
import { LaneRef, readLane } from '../vprog/lane-ref.ts'

const Options = Type.Object(
  {
    lane: LaneRef,
    fromHeight: Type.Optional(HeightRef),
    cursor: Type.Optional(Type.String({ maxLength: 100, description: 'a cursor of this lane' })),
  },
  { additionalProperties: false, description: '{lane} with fromHeight or cursor' },
)

export const vprog_subscribe = defineMethod({
  name: 'vprog_subscribe',
  summary:
    'Follows a lane at the notarised tip, from a height, from after a cursor, or from now, without gap or repeat. Events: added ' +
    '{transactions, lane_tip, ...}, dropped where a rollback took the newest back, final. Notifications: vprog_subscription ' +
    '{subscription, cursor, event}, or {subscription, error} as the last one. WebSocket only.',
  params: [required('topic', Type.Literal('lane', { description: 'lane' })), required('options', Options)],
  result: Quantity,
  example: { params: ['lane', { lane: '0x51000000', fromHeight: 0 }], result: '0x9ce59a13059e417087c02d3236a0b1cc' },
  handler: async ({ node, connection }, _topic, { lane, ...from }) => {
    if (connection === undefined) {
      const message = 'notifications not supported over HTTP: connect by WebSocket'
      throw new RpcError(RPC_CODE.methodNotSupported, 'WEBSOCKET_ONLY', message)
    }
    const feed = await openLaneFeed(node, readLane(lane).key, from)
    return connection.subscribe('vprog_subscription', (notify) => follow(node, connection, notify, feed))
  },
})
