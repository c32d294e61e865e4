/**
 * The gas schedule. PROTOCOL 2. A kind's gas is known from its body alone, so every transaction uses its intrinsic gas, whether
 * it succeeds or not; what is left of its limit pays for the gram of its scripts.
 */
import type { CovenantBody } from './covenant/types.ts'
import type { Action, KindName } from './transaction/types.ts'

export const GAS: Readonly<Record<KindName, number>> = {
  TRANSFER: 21_000,
  STAKE: 40_000,
  UNSTAKE: 40_000,
  UPDATE_VALIDATOR: 30_000,
  DELEGATE: 35_000,
  UNDELEGATE: 35_000,
  UNJAIL: 50_000,
  SUBMIT_RESULT: 80_000,
  REGISTER_WORKER: 40_000,
  CLAIM: 40_000,
  SUBMIT_EVIDENCE: 800_000,
  LANE: 30_000,
  COVENANT: 50_000,
  DEV_SET_BALANCE: 21_000,
}

/** First use of a BLS key: its proof of possession is a pairing. */
export const STAKE_REGISTRATION_GAS = 400_000

export const MEMO_BYTE_GAS = 16
/** Of payload and scripts, for they are kept: in the block, and those of outputs in the state. */
export const COVENANT_BYTE_GAS = 16
/**
 * What an input and an output count besides their scripts: a record of the state that goes or comes, often with its covenant's.
 * A block of nothing else changes 50,000 records at the devnet's gas limit, in half a second.
 */
const INPUT_BYTES = 512
const OUTPUT_BYTES = 512

function covenantBytes({ payload, inputs, outputs }: CovenantBody): number {
  const spent = inputs.reduce((sum, { signatureScript }) => sum + INPUT_BYTES + signatureScript.length, 0)
  return outputs.reduce((sum, { spk }) => sum + OUTPUT_BYTES + spk.script.length, spent + payload.length)
}

/** Least gasLimit of a transaction with this action, and exactly the gas it uses, gram apart. */
export function intrinsicGas(action: Action): number {
  switch (action.kind) {
    case 'TRANSFER':
      return GAS.TRANSFER + MEMO_BYTE_GAS * action.memo.length
    case 'STAKE':
      return GAS.STAKE + (action.registration === undefined ? 0 : STAKE_REGISTRATION_GAS)
    case 'LANE':
    case 'COVENANT':
      return GAS[action.kind] + COVENANT_BYTE_GAS * covenantBytes(action)
    default:
      return GAS[action.kind]
  }
}
