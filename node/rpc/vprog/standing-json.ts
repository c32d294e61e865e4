/** Lane proofs as JSON, both ways: what a node answers is what a client holds against the commitments that it trusts. */
import { fromHex, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { LaneActivity, LaneContext } from '../../../vm/lanes/hashing.ts'
import { decodeLaneProof, encodeLaneProof } from '../../../vm/lanes/proof.ts'
import type { LaneStanding, LaneStep, TwoAnchorProof } from '../../../vm/lanes/two-anchor.ts'
import { type Static, Type } from '../method.ts'
import { Data, Hash32, Integer, Nullable } from '../schema.ts'

export const LaneContextObject = Type.Object(
  { timestamp_ms: Integer, daa_score: Integer, blue_score: Integer },
  { additionalProperties: false, description: "timestamp of the block's parent, and the block's height twice" },
)

export const standingFields = {
  tip: Nullable(Hash32),
  blue_score: Nullable(Type.Integer({ minimum: 0, description: 'height of the newest activity' })),
  proof: Data,
  parent_seq_commit: Hash32,
  inactivity_shortcut: Hash32,
  context: LaneContextObject,
  payload_root: Hash32,
}
export const StandingObject = Type.Object(standingFields, {
  additionalProperties: false,
  description:
    "how the lane stands under a commitment; tip and blue_score null where it is not active; proof: KIP-21's bytes",
})

export const ActivityObject = Type.Object(
  { kip_id: Hash32, version: Integer, merge_index: Integer },
  { additionalProperties: false },
)

export const StepObject = Type.Object(
  {
    context: LaneContextObject,
    activity: Type.Array(ActivityObject),
    begins: Nullable(
      Type.Object(
        { on: Hash32, silence: Type.Array(StandingObject) },
        {
          additionalProperties: false,
          description: 'where the lane was silent before: the commitment it begins anew on',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

export const ProofObject = Type.Object(
  { lane_id: Data, start: StandingObject, steps: Type.Array(StepObject), end: Type.Array(StandingObject) },
  { additionalProperties: false },
)

type StandingJson = Static<typeof StandingObject>
type StepJson = Static<typeof StepObject>
export type TwoAnchorJson = Static<typeof ProofObject>

export const laneContextJson = ({
  timestampMs,
  daaScore,
  blueScore,
}: LaneContext): Static<typeof LaneContextObject> => ({
  timestamp_ms: timestampMs,
  daa_score: daaScore,
  blue_score: blueScore,
})

export const standingJson = (standing: LaneStanding): StandingJson => ({
  tip: standing.lane === undefined ? null : toHex(standing.lane.tip),
  blue_score: standing.lane?.lastTouch ?? null,
  proof: toHex(encodeLaneProof(standing.proof)),
  parent_seq_commit: toHex(standing.parentSeqCommit),
  inactivity_shortcut: toHex(standing.inactivityShortcut),
  context: laneContextJson(standing.context),
  payload_root: toHex(standing.payloadRoot),
})

export const activityJson = ({ txId, version, mergeIndex }: LaneActivity) => ({
  kip_id: toHex(txId),
  version,
  merge_index: mergeIndex,
})

const stepJson = ({ context, activity, begins }: LaneStep): StepJson => ({
  context: laneContextJson(context),
  activity: activity.map(activityJson),
  begins: begins === undefined ? null : { on: toHex(begins.on), silence: begins.silence.map(standingJson) },
})

export const twoAnchorJson = ({ laneId, start, steps, end }: TwoAnchorProof): TwoAnchorJson => ({
  lane_id: toHex(laneId),
  start: standingJson(start),
  steps: steps.map(stepJson),
  end: end.map(standingJson),
})

// ------------------------------------------------------------------------------------------------- readers

const readContext = (json: Static<typeof LaneContextObject>): LaneContext => ({
  timestampMs: json.timestamp_ms,
  daaScore: json.daa_score,
  blueScore: json.blue_score,
})

function readStanding(json: StandingJson): LaneStanding {
  const proof = decodeLaneProof(fromHex(json.proof))
  if (!proof.ok) throw new QuernError(proof.error.code, proof.error.message)
  return {
    ...(json.tip === null || json.blue_score === null
      ? {}
      : { lane: { tip: fromHex(json.tip), lastTouch: json.blue_score } }),
    proof: proof.value,
    parentSeqCommit: fromHex(json.parent_seq_commit),
    inactivityShortcut: fromHex(json.inactivity_shortcut),
    context: readContext(json.context),
    payloadRoot: fromHex(json.payload_root),
  }
}

const readStep = (json: StepJson): LaneStep => ({
  context: readContext(json.context),
  activity: json.activity.map(({ kip_id, version, merge_index }) => ({
    txId: fromHex(kip_id),
    version,
    mergeIndex: merge_index,
  })),
  ...(json.begins === null
    ? {}
    : { begins: { on: fromHex(json.begins.on), silence: json.begins.silence.map(readStanding) } }),
})

/**
 * What `verifyTwoAnchor` takes.
 * @param json held against `ProofObject` before
 * @throws QuernError `LANE_PROOF_MALFORMED`
 */
export const readTwoAnchor = ({ lane_id, start, steps, end }: TwoAnchorJson): TwoAnchorProof => ({
  laneId: fromHex(lane_id),
  start: readStanding(start),
  steps: steps.map(readStep),
  end: end.map(readStanding),
})
