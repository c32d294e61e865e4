import { toHex } from '../../../core/bytes.ts'
import { HeaderRef, requireBlockOf } from '../chain/header.ts'
import { invalidParams, notFound } from '../errors.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'
import { exampleStanding } from '../vprog/examples.ts'
import { blockPlace } from '../vprog/lane-block.ts'
import { LaneRef, laneIdOf, readLane } from '../vprog/lane-ref.ts'
import { ProofObject, twoAnchorJson } from '../vprog/standing-json.ts'
import { PART_LIMITS, twoAnchorPart } from '../vprog/two-anchor.ts'

const Anchor = Type.Object({ height: Integer, block_hash: Hash32, seq_commit: Hash32 }, { additionalProperties: false })

export const vprog_getTwoAnchorProof = defineMethod({
  name: 'vprog_getTwoAnchorProof',
  summary:
    'All that happened in a lane after one block up to another (default: the newest final one), provable by the two ' +
    `seq_commits alone. One answer has at most ${PART_LIMITS.steps} blocks with activity and spans ${PART_LIMITS.windows} windows: it ends at ` +
    '`to`, and `next`, unless null, is the `from` of the next part.',
  params: [required('lane', LaneRef), required('from', HeaderRef), optional('to', HeaderRef)],
  result: Type.Object(
    {
      from: Anchor,
      to: Anchor,
      lane_key: Hash32,
      window_blocks: Integer,
      proof: ProofObject,
      next: Nullable(Integer),
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['0x51000000', 5, 11],
    result: {
      from: { height: 5, block_hash: `0x${'1a'.repeat(32)}`, seq_commit: `0x${'2a'.repeat(32)}` },
      to: { height: 11, block_hash: `0x${'1b'.repeat(32)}`, seq_commit: `0x${'2b'.repeat(32)}` },
      lane_key: '0x09cb4a3f7b9da8ac4dc4a2cd0a4b2fb5c48a6f7c3aba4e19fd5a06ab4a67ff86',
      window_blocks: 256,
      proof: {
        lane_id: `0x51000000${'00'.repeat(16)}`,
        start: exampleStanding,
        steps: [
          {
            context: { timestamp_ms: 1_700_000_005_000, daa_score: 11, blue_score: 11 },
            activity: [{ kip_id: `0x${'7d'.repeat(32)}`, version: 1, merge_index: 0 }],
            begins: null,
          },
        ],
        end: [exampleStanding],
      },
      next: null,
    },
  },
  handler: async ({ node }, ref, fromRef, toRef = 'finalized') => {
    const lane = readLane(ref)
    const from = requireBlockOf(node, fromRef)
    const to = requireBlockOf(node, toRef)
    const wanted = to.block.header.height
    if (wanted <= from.block.header.height) throw invalidParams('the block "to" stands above the block "from"')
    const id = await laneIdOf(node, lane)
    if (id === undefined) throw notFound('LANE_UNKNOWN', 'no block has a transaction of this lane: name it by its id')
    const part = await twoAnchorPart(node, { id, key: lane.key }, from, to)
    const reached = part.to.block.header.height
    return {
      from: blockPlace(from),
      to: blockPlace(part.to),
      lane_key: toHex(lane.key),
      window_blocks: node.genesis.params.laneWindowBlocks,
      proof: twoAnchorJson(part.proof),
      next: reached < wanted ? reached : null,
    }
  },
})
