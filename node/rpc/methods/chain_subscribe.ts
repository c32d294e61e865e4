import { follow, openFeed } from '../chain/subscription.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { HeightRef, Quantity } from '../schema.ts'

const Topic = Type.Union(
  [Type.Literal('blocks'), Type.Literal('tip'), Type.Literal('results'), Type.Literal('transactions')],
  { description: 'blocks, tip, results or transactions' },
)
const Options = Type.Object(
  {
    fromHeight: Type.Optional(HeightRef),
    cursor: Type.Optional(Type.String({ maxLength: 96, description: 'a cursor of this topic' })),
  },
  { additionalProperties: false, description: '{fromHeight} or {cursor}' },
)

export const chain_subscribe = defineMethod({
  name: 'chain_subscribe',
  summary:
    'Replays from a height, or from after a cursor, then follows, without gap or repeat; without options follows from ' +
    'now. Topics: blocks, results, transactions (all of final blocks) and tip (notarised blocks added and dropped). ' +
    'Notifications: chain_subscription {subscription, cursor, event}; {subscription, error} is the last one if the node ' +
    'cannot go on. WebSocket only.',
  params: [required('topic', Topic), optional('options', Options)],
  result: Quantity,
  example: { params: ['blocks', { fromHeight: 0 }], result: '0x9ce59a13059e417087c02d3236a0b1cc' },
  handler: ({ node, connection }, topic, options = {}) => {
    if (connection === undefined) {
      const message = 'notifications not supported over HTTP: connect by WebSocket'
      throw new RpcError(RPC_CODE.methodNotSupported, 'WEBSOCKET_ONLY', message)
    }
    // Before the answer, so that a start which cannot be served is refused, and "now" is when the node was asked.
    const feed = openFeed(node, topic, options)
    return connection.subscribe('chain_subscription', (notify) => follow(node, connection, notify, feed))
  },
})
