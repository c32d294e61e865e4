import { toHex } from '../../../core/bytes.ts'
import { lanes } from '../../../vm/lanes/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { requireState } from '../block-ref.ts'
import { defineMethod, required, Type } from '../method.ts'
import { Data, Hash32, Integer, Nullable } from '../schema.ts'
import { LaneRef, laneIdOf, readLane } from '../vprog/lane-ref.ts'

/** Newest heights shown; all of them are in the lane's subscription. */
const RECENT_HEIGHTS = 32

export const vprog_getLane = defineMethod({
  name: 'vprog_getLane',
  summary:
    'A lane at the tip: its lane tip while it is active, until when it stays so without activity, and the newest heights of ' +
    'blocks with its transactions, newest first. A lane that never was looks like one that is silent.',
  params: [required('lane', LaneRef)],
  result: Type.Object(
    {
      lane_id: Nullable(Data),
      lane_key: Hash32,
      height: Integer,
      active: Type.Boolean(),
      tip: Nullable(Hash32),
      blue_score: Nullable(Type.Integer({ description: 'height of its newest activity' })),
      active_until: Nullable(Type.Integer({ description: 'the last height at which it is active without more' })),
      recent_heights: Type.Array(Integer),
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['0x51000000'],
    result: {
      lane_id: `0x51000000${'00'.repeat(16)}`,
      lane_key: '0x09cb4a3f7b9da8ac4dc4a2cd0a4b2fb5c48a6f7c3aba4e19fd5a06ab4a67ff86',
      height: 12,
      active: true,
      tip: '0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47',
      blue_score: 11,
      active_until: 267,
      recent_heights: [11, 5],
    },
  },
  handler: async ({ node }, ref) => {
    const lane = readLane(ref)
    const { state, height } = requireState(node, 'latest')
    const record = readRecord(state, lanes, lane.key)
    const id = record?.laneId ?? (await laneIdOf(node, lane))
    return {
      lane_id: id === undefined ? null : toHex(id),
      lane_key: toHex(lane.key),
      height,
      active: record !== undefined,
      tip: record === undefined ? null : toHex(record.tip),
      blue_score: record?.lastTouch ?? null,
      active_until: record === undefined ? null : record.lastTouch + node.genesis.params.laneWindowBlocks,
      recent_heights: await node.vprogs.newestLaneHeights(lane.key, height, RECENT_HEIGHTS),
    }
  },
})
