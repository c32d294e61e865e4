/**
 * The gas schedule. PROTOCOL 2. A kind's gas is known from its body alone, so `gasUsed` of every transaction is its
 * intrinsic gas, whether it succeeds or not.
 */
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
  DEV_SET_BALANCE: 21_000,
}

/** First use of a BLS key: its proof of possession is a pairing. */
export const STAKE_REGISTRATION_GAS = 400_000

export const MEMO_BYTE_GAS = 16

/** Least gasLimit of a transaction with this action, and exactly the gas it uses. */
export function intrinsicGas(action: Action): number {
  switch (action.kind) {
    case 'TRANSFER':
      return GAS.TRANSFER + MEMO_BYTE_GAS * action.memo.length
    case 'STAKE':
      return GAS.STAKE + (action.registration === undefined ? 0 : STAKE_REGISTRATION_GAS)
    default:
      return GAS[action.kind]
  }
}
