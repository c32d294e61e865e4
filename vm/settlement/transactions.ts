/** Transactions of a standard covenant, as bodies of kinds 16 and 17: it begins, settles, takes deposits and pays exits. */
import { type Address, EMPTY_BYTES, equalBytes, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import type { CovenantBody } from '../covenant/types.ts'
import { accountOutpoint } from '../covenant/view.ts'
import { covenantId } from '../kip/covenant-id.ts'
import type { KipInput, KipOutput, Outpoint } from '../kip/types.ts'
import { FINAL_SEQUENCE } from '../script/limits.ts'
import { payToScript } from '../script/standard.ts'
import {
  type CovenantState,
  covenantScript,
  decodeCovenantScript,
  PERMISSION_GRAINS,
  type Program,
} from './covenant.ts'
import { delegateSignatureScript, depositHash, depositSpk } from './delegate.ts'
import { SettlementError, type SettlementErrorCode } from './errors.ts'
import type { Exit } from './exits.ts'
import type { SettlementJournal } from './journal.ts'
import { encodeClaim, MAX_DELEGATES, type PermissionState, permissionHash, permissionScript } from './permission.ts'
import { permissionTree } from './permission-tree.ts'
import { encodeSettlement } from './signature-script.ts'

/** An unspent output of a covenant whose script is known. */
export interface CovenantOutput {
  readonly outpoint: Outpoint
  readonly grains: bigint
  readonly covenantId: Hash
  readonly redeem: Uint8Array
}

const bodyOf = (
  inputs: readonly KipInput[],
  outputs: readonly KipOutput[],
  payload: Uint8Array = EMPTY_BYTES,
): CovenantBody => ({
  laneId: undefined,
  payload,
  lockTime: 0n,
  inputs,
  outputs,
})

const inputOf = (outpoint: Outpoint, signatureScript: Uint8Array): KipInput => ({
  outpoint,
  signatureScript,
  sequence: FINAL_SEQUENCE,
})

/**
 * The id of a covenant that began with this one output. An id that began with more is not to be trusted: the others may carry
 * any script, and one of them could open the covenant's deposits.
 */
export const standardCovenantId = (genesis: Outpoint, grains: bigint, redeem: Uint8Array): Hash =>
  covenantId(genesis, [[0, { value: grains, spk: payToScript(redeem) }]])

export interface Deployment {
  readonly sender: Address
  /** Of the transaction that deploys; the id follows from it. */
  readonly nonce: number
  readonly grains: bigint
  readonly state: CovenantState
  readonly program: Program
}

export interface Deployed {
  readonly body: CovenantBody
  readonly covenantId: Hash
  readonly redeem: Uint8Array
}

/**
 * The covenant begins at the sender's account input. Its output shows a hash alone, so the payload is the redeem script: anyone
 * can read from the chain what the covenant runs.
 * @throws SettlementError `PROGRAM_FIELD_LENGTH`
 */
export function deployment({ sender, nonce, grains, state, program }: Deployment): Deployed {
  const redeem = covenantScript(state, program)
  const id = standardCovenantId(accountOutpoint(sender, nonce), grains, redeem)
  const output = { value: grains, spk: payToScript(redeem), binding: { authorizingInput: 0, covenantId: id } }
  return { body: bodyOf([], [output], redeem), covenantId: id, redeem }
}

export interface Settlement {
  readonly covenant: CovenantOutput
  readonly journal: SettlementJournal
  /** Hash of the block whose commitment the journal names. */
  readonly block: Hash
  /** Where the journal names exits. */
  readonly permission?: PermissionState
  /** Items as the covenant's proof system wants them. */
  readonly proof: readonly Uint8Array[]
  /** The bundle's exits (`encodeExits`), since the journal names their root alone: with them anyone can claim. Default: empty. */
  readonly payload?: Uint8Array
}

/** The covenant's next redeem script. @throws SettlementError `REDEEM_SCRIPT_UNKNOWN`, `JOURNAL_STATE`, ... `JOURNAL_DEPOSIT` */
export function nextRedeem({ covenant, journal, permission }: Omit<Settlement, 'proof' | 'block'>): Uint8Array {
  const { program, laneTip, state, laneKey } = decodeCovenantScript(covenant.redeem)
  const expect = (code: SettlementErrorCode, what: string, found: Hash, ...allowed: readonly Hash[]): void => {
    if (allowed.some((hash) => equalBytes(hash, found))) return
    throw new SettlementError(code, `the journal's ${what} is not the covenant's: prove from the covenant as it stands`)
  }
  expect('JOURNAL_STATE', 'previous state', journal.prevState, state)
  expect('JOURNAL_STATE', 'previous lane tip', journal.prevLaneTip, laneTip)
  expect('JOURNAL_STATE', 'lane', journal.laneKey, laneKey)
  expect('JOURNAL_PROGRAM', 'covenant id', journal.covenantId, covenant.covenantId)
  expect('JOURNAL_PROGRAM', 'transaction image', journal.txImageId, program.txImageId)
  expect('JOURNAL_PROGRAM', 'batch image', journal.batchImageId, program.batchImageId)
  const exits = permission === undefined ? ZERO_HASH : permissionHash(permission)
  expect('JOURNAL_PERMISSION', 'permission hash', journal.permissionHash, exits)
  expect('JOURNAL_DEPOSIT', 'deposit hash', journal.depositHash, ZERO_HASH, depositHash(covenant.covenantId))
  return covenantScript({ laneTip: journal.newLaneTip, state: journal.newState, laneKey }, program)
}

/** @throws SettlementError as `nextRedeem` does */
export function settlement(given: Settlement): CovenantBody {
  const { covenant, journal, block, permission, proof, payload } = given
  const binding = { authorizingInput: 0, covenantId: covenant.covenantId }
  const outputs = [{ value: covenant.grains, spk: payToScript(nextRedeem(given)), binding }]
  if (permission !== undefined) {
    outputs.push({ value: PERMISSION_GRAINS, spk: payToScript(permissionScript(permission)), binding })
  }
  const { depositHash: deposits, newLaneTip, newState } = journal
  const witness = { proof, depositHash: deposits, newLaneTip, newState, block }
  return bodyOf([inputOf(covenant.outpoint, encodeSettlement(witness, covenant.redeem))], outputs, payload)
}

/** What a deposit pays; its transaction stands in the program's lane and says whose it is. */
export const depositOutput = (id: Hash, grains: bigint): KipOutput => ({ value: grains, spk: depositSpk(id) })

export interface ExitClaim {
  readonly permission: CovenantOutput
  /** The bundle's, as they stand under the permission's root. */
  readonly exits: readonly Exit[]
  readonly index: number
  /** Grains to claim, at most what the exit holds. */
  readonly deduct: bigint
  /** Deposits of the covenant that pay for it. */
  readonly deposits: readonly { readonly outpoint: Outpoint; readonly grains: bigint }[]
}

/** The bundle with one exit reduced, or emptied. @throws SettlementError `EXIT_INDEX`, `CLAIM_AMOUNT` */
export function exitsAfterClaim({ exits, index, deduct }: Pick<ExitClaim, 'exits' | 'index' | 'deduct'>): Exit[] {
  const exit = exits[index]
  if (exit === undefined) throw new SettlementError('EXIT_INDEX', `the bundle has no exit ${index}`)
  if (deduct < 1n || deduct > exit.amount) {
    throw new SettlementError(
      'CLAIM_AMOUNT',
      `exit ${index} holds ${exit.amount} grains: claim 1 to as many, not ${deduct}`,
    )
  }
  return exits.with(index, { script: exit.script, amount: exit.amount - deduct })
}

export const permissionOf = (exits: readonly Exit[]): PermissionState => {
  const { root, unclaimed, depth } = permissionTree(exits)
  return { root, unclaimed: BigInt(unclaimed), depth }
}

/** @throws SettlementError `EXIT_INDEX`, `EXIT_COUNT`, `CLAIM_AMOUNT`, `CLAIM_FUNDS` */
export function claim(given: ExitClaim): CovenantBody {
  const { permission, exits, index, deduct, deposits } = given
  const left = exitsAfterClaim(given)
  const { script, amount } = exits[index]!
  const funds = deposits.reduce((sum, { grains }) => sum + grains, 0n)
  if (deposits.length > MAX_DELEGATES || funds < deduct) {
    throw new SettlementError(
      'CLAIM_FUNDS',
      `${deposits.length} deposits hold ${funds} of ${deduct} grains: name up to ${MAX_DELEGATES} that hold all, or claim less`,
    )
  }
  const { covenantId: id } = permission
  const outputs: KipOutput[] = [{ value: deduct, spk: { version: 0, script } }]
  if (left.some((exit) => exit.amount > 0n)) {
    const spk = payToScript(permissionScript(permissionOf(left)))
    outputs.push({ value: permission.grains, spk, binding: { authorizingInput: 0, covenantId: id } })
  }
  if (funds > deduct) outputs.push(depositOutput(id, funds - deduct))
  const path = permissionTree(exits).path(index)
  const signatureScript = encodeClaim({ script, amount, deduct, path }, permission.redeem)
  const delegates = deposits.map(({ outpoint }) => inputOf(outpoint, delegateSignatureScript(id)))
  return bodyOf([inputOf(permission.outpoint, signatureScript), ...delegates], outputs)
}
