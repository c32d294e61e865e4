/**
 * All that happened in one lane between two blocks, for somebody who trusts nothing but the two commitments: how the lane
 * stood under the first, every activity since, and that this leads to how it stands under the second. The size follows the
 * lane's own activity; when the other lanes double, each end gains a sibling.
 *
 * A lane that was silent for longer than the window begins anew on its block's parent, and its new tip says nothing of the old
 * one. So silence is proved as well: under that parent the lane is absent, so it was last touched before the window, and the
 * commitment from before the window, which the parent's names as its inactivity shortcut, shows how it stood then.
 * Source: KIP-21; the proof of silence is ours.
 */
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { fail, ok, type Result } from '../../core/errors.ts'
import {
  activityDigest,
  commitmentOf,
  contextHash,
  type LaneActivity,
  type LaneContext,
  laneKey,
  laneLeaf,
  nextTip,
  payloadAndContext,
} from './hashing.ts'
import { type LaneProof, rootOfLaneProof } from './proof.ts'

export interface LaneTip {
  readonly tip: Hash
  /** Blue score, here height, of the newest block with activity. */
  readonly lastTouch: number
}

/** How a lane stands under a block's commitment. */
export interface LaneStanding {
  /** Absent where the lane is not active. */
  readonly lane?: LaneTip
  readonly proof: LaneProof
  readonly parentSeqCommit: Hash
  readonly inactivityShortcut: Hash
  readonly context: LaneContext
  readonly payloadRoot: Hash
}

/** A block that touched the lane. */
export interface LaneStep {
  readonly context: LaneContext
  readonly activity: readonly LaneActivity[]
  /** Absent where the lane goes on from its tip; else the commitment it begins on, and the silence before. */
  readonly begins?: { readonly on: Hash; readonly silence: readonly LaneStanding[] }
}

export interface TwoAnchorProof {
  /** 20 bytes. */
  readonly laneId: Uint8Array
  readonly start: LaneStanding
  /** Oldest first. */
  readonly steps: readonly LaneStep[]
  /** Under the second commitment; more than one where the lane is silent there. */
  readonly end: readonly LaneStanding[]
}

export type TwoAnchorErrorCode = 'LANE_START' | 'LANE_STEP' | 'LANE_SILENCE' | 'LANE_END'

/** Steps of a proof: a lane's longer life is asked for in parts. */
export const MAX_LANE_STEPS = 100_000

interface Known {
  readonly lane: LaneTip | undefined
  /** Of the newest block that is accounted for. */
  readonly height: number
  /** Whether a commitment shows it; else it follows from steps that only a later tip binds. */
  readonly isProved: boolean
}

const sameTip = (a: LaneTip | undefined, b: LaneTip): boolean =>
  a !== undefined && equalBytes(a.tip, b.tip) && a.lastTouch === b.lastTouch

function standsUnder(commitment: Hash, key: Hash, standing: LaneStanding): boolean {
  const { lane, proof, context, payloadRoot } = standing
  const root = rootOfLaneProof(proof, key, lane === undefined ? undefined : laneLeaf(lane.tip, lane.lastTouch))
  const path = { ...standing, payloadAndContext: payloadAndContext(contextHash(context), payloadRoot) }
  return root !== undefined && equalBytes(commitmentOf(root, path), commitment)
}

/** Whether nothing touched the lane between what is known and the block of this commitment. */
function isUntouched(
  known: Known,
  commitment: Hash,
  key: Hash,
  standings: readonly LaneStanding[],
  window: number,
): boolean {
  let under = commitment
  for (const [i, standing] of standings.entries()) {
    if (!standsUnder(under, key, standing)) return false
    const isLast = i === standings.length - 1
    if (standing.lane !== undefined) return isLast && sameTip(known.lane, standing.lane)
    // Not active there: last touched at this height or below.
    if (known.isProved && standing.context.blueScore - window - 1 <= known.height) return isLast
    under = standing.inactivityShortcut
  }
  return false
}

/**
 * @param from seqCommit of the first block, `to` of the second
 * @param window `laneWindowBlocks` of the chain
 * @returns every transaction of the lane between them, in order
 */
export function verifyTwoAnchor(
  from: Hash,
  to: Hash,
  { laneId, start, steps, end }: TwoAnchorProof,
  window: number,
): Result<readonly LaneActivity[], TwoAnchorErrorCode> {
  const key = laneKey(laneId)
  if (!standsUnder(from, key, start)) return fail('LANE_START', 'the lane does not stand so under the first commitment')
  if (steps.length > MAX_LANE_STEPS) return fail('LANE_STEP', `at most ${MAX_LANE_STEPS} steps are followed`)
  let known: Known = { lane: start.lane, height: start.context.blueScore, isProved: true }
  const activity: LaneActivity[] = []
  for (const [i, { context, activity: touched, begins }] of steps.entries()) {
    const parentRef = begins?.on ?? known.lane?.tip
    if (parentRef === undefined || touched.length === 0 || context.blueScore <= known.height) {
      return fail('LANE_STEP', `step ${i} does not follow from what is before it`)
    }
    if (begins !== undefined && !isUntouched(known, begins.on, key, begins.silence, window)) {
      return fail('LANE_SILENCE', `something may have happened between step ${i} and what is before it`)
    }
    const tip = nextTip(parentRef, key, activityDigest(touched), contextHash(context))
    known = { lane: { tip, lastTouch: context.blueScore }, height: context.blueScore, isProved: false }
    for (const one of touched) activity.push(one)
  }
  if (!isUntouched(known, to, key, end, window)) {
    return fail('LANE_END', 'the activity does not lead to how the lane stands under the second commitment')
  }
  return ok(activity)
}
