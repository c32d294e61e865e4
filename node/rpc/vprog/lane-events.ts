/**
 * What `vprog_subscribe` sends of a lane. A cursor is "height:0xhash:final": where the walk stands after the event, and up to
 * which height activity was told to be final. Subscribing again with it goes on after that event.
 */
import { formatAddress } from '../../../core/address.ts'
import { type Hash, toHex } from '../../../core/bytes.ts'
import { lanes } from '../../../vm/lanes/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import type { Footprint } from '../chain/block-walk.ts'
import { invalidParams } from '../errors.ts'
import { spkJson } from './covenant-output.ts'
import { blockPlace, type LaneTransaction } from './lane-block.ts'
import { activityJson } from './standing-json.ts'

export interface LaneCursor {
  readonly height: number
  readonly hash: Hash
  readonly final: number
}

const PATTERN = /^(?<height>\d{1,15}):(?<hash>0x[0-9a-f]{64}):(?<final>\d{1,15})$/

export const laneCursor = ({ height, hash, final }: LaneCursor): string => `${height}:${toHex(hash)}:${final}`

/** @throws RpcError `INVALID_PARAMS` */
export function readLaneCursor(text: string): {
  readonly height: number
  readonly hash: string
  readonly final: number
} {
  const groups = PATTERN.exec(text)?.groups
  if (groups?.hash === undefined) throw invalidParams('parameter "cursor": not a cursor of a lane')
  return { height: Number(groups.height), hash: groups.hash, final: Number(groups.final) }
}

const transactionJson = ({ transaction, ...activity }: LaneTransaction) => ({
  hash: toHex(transaction.hash),
  ...activityJson(activity),
  from: formatAddress(transaction.from),
  nonce: transaction.nonce,
  payload: toHex(transaction.action.payload),
  outputs: transaction.action.outputs.map(({ value, spk, binding }) => ({
    grains: value.toString(),
    spk: spkJson(spk),
    covenant_id: binding === undefined ? null : toHex(binding.covenantId),
  })),
})

/** `lane_tip` is null where the state after the block is no longer held. */
export function addedEvent(
  node: Pick<NodeApi, 'stateAt'>,
  executed: ExecutedBlock,
  key: Hash,
  transactions: readonly LaneTransaction[],
): Readonly<Record<string, unknown>> {
  const { header } = executed.block
  const state = node.stateAt(header.height)
  const tip = state === undefined ? undefined : readRecord(state, lanes, key)?.tip
  return {
    type: 'added',
    ...blockPlace(executed),
    parent_hash: toHex(header.parentHash),
    timestamp_ms: header.timestampMs,
    lane_key: toHex(key),
    lane_tip: tip === undefined ? null : toHex(tip),
    transactions: transactions.map(transactionJson),
  }
}

export const leftEvent = (
  type: 'dropped' | 'final',
  { header, hash }: Footprint,
): Readonly<Record<string, unknown>> => ({
  type,
  height: header.height,
  block_hash: toHex(hash),
})
