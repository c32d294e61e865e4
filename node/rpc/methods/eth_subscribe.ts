import type { NodeApi } from '../../api.ts'
import { invalidParams, RPC_CODE, RpcError } from '../errors.ts'
import { headJson } from '../ethereum/block.ts'
import { checkLogFilter, LogFilter } from '../ethereum/log-filter.ts'
import { transactionJson } from '../ethereum/transaction.ts'
import { defineMethod, type Notify, optional, required, Type } from '../method.ts'
import { data, Quantity } from '../schema.ts'

const Topic = Type.Union(
  [Type.Literal('newHeads'), Type.Literal('newPendingTransactions'), Type.Literal('logs'), Type.Literal('syncing')],
  { description: 'newHeads, newPendingTransactions, logs or syncing' },
)
/** A log filter, or for `newPendingTransactions` whether to send whole transactions. */
const Options = Type.Union([Type.Boolean(), LogFilter], { description: 'a log filter, or true for whole transactions' })

function followHeads(node: NodeApi, notify: Notify): () => void {
  return node.subscribe((event) => {
    if (event.type !== 'tip') return
    for (const { block } of event.added) notify({ result: headJson(block.header, block.hash) })
  })
}

function followPending(node: NodeApi, notify: Notify, full: boolean): () => void {
  return node.subscribe((event) => {
    if (event.type !== 'transaction') return
    const { transaction } = event
    notify({ result: full ? transactionJson(transaction, undefined) : data(transaction.hash) })
  })
}

/** One answer at once, and no more: a node that is behind says so to `eth_syncing`. */
function tellSyncing(node: NodeApi, notify: Notify): () => void {
  notify({ result: node.syncing() !== undefined })
  return () => {}
}

export const eth_subscribe = defineMethod({
  name: 'eth_subscribe',
  summary:
    'Follows new blocks at the tip (after a rollback those of the new branch) or new transactions. WebSocket only.',
  params: [required('topic', Topic), optional('options', Options)],
  result: Quantity,
  example: { params: ['newHeads'], result: '0x9ce59a13059e417087c02d3236a0b1cc' },
  handler: ({ node, connection }, topic, options) => {
    if (connection === undefined) {
      const message = 'notifications not supported over HTTP: connect by WebSocket'
      throw new RpcError(RPC_CODE.methodNotSupported, 'WEBSOCKET_ONLY', message)
    }
    const isFlag = typeof options === 'boolean'
    if (isFlag && topic !== 'newPendingTransactions') throw invalidParams('parameter "options": expected a log filter')
    if (options !== undefined && !isFlag) checkLogFilter(node, options)
    return connection.subscribe('eth_subscription', (notify) => {
      if (topic === 'newHeads') return followHeads(node, notify)
      if (topic === 'newPendingTransactions') return followPending(node, notify, options === true)
      if (topic === 'syncing') return tellSyncing(node, notify)
      return () => {}
    })
  },
})
