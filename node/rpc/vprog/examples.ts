/** One covenant and one lane, as the examples of several methods show them. */
import type { Static } from '../method.ts'
import type { CovenantOutputObject } from './covenant-output.ts'
import type { CovenantSummary } from './covenant-summary.ts'
import type { PlaceObject } from './placed.ts'
import type { StandingObject } from './standing-json.ts'

const hash = (digits: string) => `0x${digits.repeat(32)}`

export const examplePlace: Static<typeof PlaceObject> = {
  transaction_hash: hash('9f'),
  height: 9,
  index: 0,
  block_hash: hash('b2'),
  final: true,
}

const state = { state: hash('51'), lane_tip: hash('52'), lane_key: hash('53') }

export const exampleSummary: Static<typeof CovenantSummary> = {
  id: hash('c0'),
  standard: true,
  genesis: { outpoint: `${hash('a1')}:0`, height: 4 },
  live_outputs: 1,
  lane_id: `0x51000000${'00'.repeat(16)}`,
  program: {
    proof_system: 'development',
    proof_tag: 223,
    image_id: hash('61'),
    batch_image_id: hash('62'),
    transaction_image_id: hash('63'),
    control_id: null,
    control_root: null,
    identity_control_id: null,
    verifying_key: null,
  },
  state,
  last_settlement: examplePlace,
}

export const exampleOutput: Static<typeof CovenantOutputObject> = {
  outpoint: `${hash('7d')}:0`,
  role: 'state',
  height: 9,
  transaction_hash: examplePlace.transaction_hash,
  grains: '1000',
  spk: { version: 0, script: `0xaa20${'a7'.repeat(32)}87` },
  redeem_script: null,
  state,
  bundle: null,
}

export const exampleSettlement = {
  ...examplePlace,
  prev_state: hash('41'),
  new_state: state.state,
  prev_lane_tip: hash('42'),
  new_lane_tip: state.lane_tip,
  block_hash_proved: hash('b1'),
  height_proved: 8,
  deposit_hash: hash('5c'),
  proof_tag: 223,
  bundle: null,
}

export const exampleStanding: Static<typeof StandingObject> = {
  tip: hash('52'),
  blue_score: 11,
  proof: `0x${'ff'.repeat(32)}0100`,
  parent_seq_commit: hash('31'),
  inactivity_shortcut: hash('00'),
  context: { timestamp_ms: 1_700_000_005_000, daa_score: 11, blue_score: 11 },
  payload_root: hash('32'),
}
