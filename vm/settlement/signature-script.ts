/** The signature script of a settlement: what the covenant's script cannot know by itself. */
import type { Hash } from '../../core/bytes.ts'
import { type CovenantState, decodeCovenantScript, PROOF_ITEMS, type Program } from './covenant.ts'
import { SettlementError } from './errors.ts'
import { pushAll, pushedItems } from './pushes.ts'

export interface SettlementWitness {
  /** As `PROOF_ITEMS` names them, bottom first. */
  readonly proof: readonly Uint8Array[]
  /** Of the delegate script, or zeros. */
  readonly depositHash: Hash
  readonly newLaneTip: Hash
  readonly newState: Hash
  /** Hash of the block that the settlement goes up to. */
  readonly block: Hash
}

const WITNESS_ITEMS = 4

export const encodeSettlement = (
  { proof, depositHash, newLaneTip, newState, block }: SettlementWitness,
  redeem: Uint8Array,
): Uint8Array => pushAll([...proof, depositHash, newLaneTip, newState, block, redeem])

export interface DecodedSettlement extends SettlementWitness {
  readonly redeem: Uint8Array
  readonly previous: CovenantState
  readonly program: Program
}

/** @throws SettlementError `SIGNATURE_SCRIPT_MALFORMED`, `REDEEM_SCRIPT_UNKNOWN` */
export function decodeSettlement(signatureScript: Uint8Array): DecodedSettlement {
  const items = pushedItems(signatureScript)
  const redeem = items.pop() ?? new Uint8Array(0)
  const { program, ...previous } = decodeCovenantScript(redeem)
  const { kind } = program.proof
  const proofItems = PROOF_ITEMS[kind].length
  const [depositHash, newLaneTip, newState, block] = items.slice(proofItems)
  const hashes = [depositHash, newLaneTip, newState, block]
  if (items.length !== proofItems + WITNESS_ITEMS || hashes.some((hash) => hash?.length !== 32)) {
    throw new SettlementError(
      'SIGNATURE_SCRIPT_MALFORMED',
      `a ${kind} settlement has ${proofItems} items of proof, then four hashes`,
    )
  }
  return {
    proof: items.slice(0, proofItems),
    depositHash: depositHash!,
    newLaneTip: newLaneTip!,
    newState: newState!,
    block: block!,
    redeem,
    previous,
    program,
  }
}
