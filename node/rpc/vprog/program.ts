/** The standard vProg covenant as `vprog_` methods give it: what it runs, and where that stands. */
import { toHex } from '../../../core/bytes.ts'
import type { CovenantState, Program, ProofSystem } from '../../../vm/settlement/covenant.ts'
import { ZK_TAG } from '../../../vm/zk/operands.ts'
import { type Static, Type } from '../method.ts'
import { Data, Hash32, Integer, Nullable } from '../schema.ts'

export const ProofSystemName = Type.Union([
  Type.Literal('development'),
  Type.Literal('succinct'),
  Type.Literal('groth16'),
])

export const ProgramObject = Type.Object(
  {
    proof_system: ProofSystemName,
    proof_tag: Integer,
    image_id: Hash32,
    batch_image_id: Hash32,
    transaction_image_id: Hash32,
    control_id: Nullable(Hash32),
    control_root: Nullable(Hash32),
    identity_control_id: Nullable(Hash32),
    verifying_key: Nullable(Data),
  },
  { additionalProperties: false },
)

export const StateObject = Type.Object(
  { state: Hash32, lane_tip: Hash32, lane_key: Hash32 },
  { additionalProperties: false },
)

const constantsOf = (proof: ProofSystem) => ({
  control_id: proof.kind === 'succinct' ? toHex(proof.controlId) : null,
  control_root: proof.kind === 'groth16' ? toHex(proof.controlRoot) : null,
  identity_control_id: proof.kind === 'groth16' ? toHex(proof.identityControlId) : null,
  verifying_key: proof.kind === 'groth16' ? toHex(proof.key) : null,
})

export const programJson = ({ txImageId, batchImageId, imageId, proof }: Program): Static<typeof ProgramObject> => ({
  proof_system: proof.kind,
  proof_tag: ZK_TAG[proof.kind],
  image_id: toHex(imageId),
  batch_image_id: toHex(batchImageId),
  transaction_image_id: toHex(txImageId),
  ...constantsOf(proof),
})

export const stateJson = ({ state, laneTip, laneKey }: CovenantState): Static<typeof StateObject> => ({
  state: toHex(state),
  lane_tip: toHex(laneTip),
  lane_key: toHex(laneKey),
})
