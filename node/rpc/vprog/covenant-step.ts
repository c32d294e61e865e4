/**
 * What a transaction did with a standard covenant, read from its scripts: they ran, so what they demand held. A signature
 * script ends with the script that was asked for, and its hash stood in the output that it opened.
 *
 *     genesis      the covenant begins; the payload may show the script behind the hash
 *     settlement   input 0 is the state's output: the next state, and a bundle of exits where output 1 is bound too
 *     claim        input 0 is a bundle: an exit reduced or emptied
 */
import { equalBytes, type Hash } from '../../../core/bytes.ts'
import type { CovenantRecord } from '../../../vm/covenant/tables.ts'
import type { ScriptPublicKey } from '../../../vm/kip/types.ts'
import { payToScript } from '../../../vm/script/standard.ts'
import { covenantScript } from '../../../vm/settlement/covenant.ts'
import { SettlementError } from '../../../vm/settlement/errors.ts'
import { decodeClaim } from '../../../vm/settlement/permission.ts'
import { pushedItems } from '../../../vm/settlement/pushes.ts'
import { type DecodedSettlement, decodeSettlement } from '../../../vm/settlement/signature-script.ts'
import { boundOutputs, type PlacedTransaction } from './covenant-chain.ts'
import { outpointText } from './place.ts'

export type CovenantStep =
  | { readonly kind: 'genesis' }
  | { readonly kind: 'settlement'; readonly settlement: DecodedSettlement; readonly next: Uint8Array }
  | { readonly kind: 'claim' | 'other' }

/** Undefined where the bytes are not of this form. */
export function readOr<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SettlementError) return undefined
    throw error
  }
}

export const paysTo = (spk: ScriptPublicKey, redeem: Uint8Array): boolean =>
  spk.version === 0 && equalBytes(spk.script, payToScript(redeem).script)

/** Whether the covenant begins with it. */
export function isGenesis(made: PlacedTransaction, id: Hash, record: CovenantRecord): boolean {
  const [first] = boundOutputs(made, id)
  const binding = first === undefined ? undefined : made.kip.outputs[first]?.binding
  const authorizing = binding === undefined ? undefined : made.kip.inputs[binding.authorizingInput]
  return authorizing !== undefined && outpointText(authorizing.outpoint) === outpointText(record.genesis)
}

/** @param isStandard where not, scripts say nothing certain */
export function stepOf(made: PlacedTransaction, id: Hash, record: CovenantRecord, isStandard: boolean): CovenantStep {
  if (isGenesis(made, id, record)) return { kind: 'genesis' }
  const [input] = made.transaction.action.inputs
  if (!isStandard || input === undefined) return { kind: 'other' }
  const settlement = readOr(() => decodeSettlement(input.signatureScript))
  if (settlement !== undefined) {
    const { newLaneTip: laneTip, newState: state, previous, program } = settlement
    const next = covenantScript({ laneTip, state, laneKey: previous.laneKey }, program)
    const [continuation] = made.kip.outputs
    // Beside the covenant's own input 0 stands no other: a standard script demands this of what it opens.
    if (continuation !== undefined && boundOutputs(made, id)[0] === 0 && paysTo(continuation.spk, next))
      return { kind: 'settlement', settlement, next }
  }
  const claim = readOr(() => decodeClaim(input.signatureScript))
  return { kind: claim === undefined ? 'other' : 'claim' }
}

/** The script that an input showed: the last thing its signature script pushes. */
export const shownScript = (signatureScript: Uint8Array): Uint8Array | undefined =>
  readOr(() => pushedItems(signatureScript))?.at(-1)
