/** Runs an entry of Kaspa's `script_tests.json`, and says which of its names for failures ours answers to. */

import { fromHex, utf8, ZERO_HASH } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { transactionId } from '../../kip/hashing.ts'
import type { KipTransaction, ScriptPublicKey } from '../../kip/types.ts'
import { proofVerifier } from '../../zk/verify.ts'
import { assemble } from '../assembly.ts'
import { CovenantContext } from '../covenants.ts'
import { runInput, type ScriptOutcome } from '../engine.ts'
import { ScriptError, type ScriptErrorCode } from '../errors.ts'
import { FINAL_SEQUENCE } from '../limits.ts'

/** Signature script, public key script, flags (always empty), expected name, comment. */
export type ScriptVector = readonly [string, string, string, string, string?]

const NAMES: Readonly<Partial<Record<ScriptErrorCode, readonly string[]>>> = {
  NUMBER_TOO_BIG: ['UNKNOWN_ERROR'],
  NUMBER_TOO_LONG: ['UNKNOWN_ERROR'],
  PUBKEY_FORMAT: ['PUBKEYFORMAT'],
  INVALID_PUBKEY: ['PUBKEYFORMAT'],
  EVAL_FALSE: ['EVAL_FALSE'],
  EMPTY_STACK: ['EMPTY_STACK', 'EVAL_FALSE', 'UNBALANCED_CONDITIONAL', 'INVALID_ALTSTACK_OPERATION'],
  NULL_FAIL: ['NULLFAIL'],
  INVALID_SIG_HASH_TYPE: ['SIG_HASHTYPE'],
  SIGNATURE_SCRIPT_NOT_PUSH_ONLY: ['SIG_PUSHONLY'],
  CLEAN_STACK: ['CLEANSTACK'],
  OPCODE_RESERVED: ['BAD_OPCODE'],
  MALFORMED_PUSH: ['BAD_OPCODE'],
  INVALID_OPCODE: ['BAD_OPCODE'],
  UNBALANCED_CONDITIONAL: ['UNBALANCED_CONDITIONAL'],
  EARLY_RETURN: ['OP_RETURN'],
  VERIFY: ['VERIFY', 'EQUALVERIFY'],
  INVALID_STACK_OPERATION: ['INVALID_STACK_OPERATION', 'INVALID_ALTSTACK_OPERATION'],
  OUT_OF_BOUNDS_SUBSTRING: ['UNKNOWN_ERROR'],
  INVALID_INDEX: ['UNKNOWN_ERROR'],
  OPCODE_DISABLED: ['DISABLED_OPCODE'],
  ELEMENT_TOO_BIG: ['PUSH_SIZE'],
  TOO_MANY_OPERATIONS: ['OP_COUNT'],
  STACK_SIZE_EXCEEDED: ['STACK_SIZE'],
  INVALID_PUBKEY_COUNT: ['PUBKEY_COUNT'],
  INVALID_SIGNATURE_COUNT: ['SIG_COUNT'],
  UNSATISFIED_LOCK_TIME: ['UNSATISFIED_LOCKTIME'],
  INVALID_STATE: ['UNKNOWN_ERROR'],
  SCRIPT_SIZE: ['SCRIPT_SIZE'],
  COVENANT_INDEX: ['UNKNOWN_ERROR'],
  INVALID_SIGNATURE: ['INVALID_SIG'],
}

const transaction = (
  previous: KipTransaction['inputs'][number]['outpoint'],
  signatureScript: Uint8Array,
  spk: ScriptPublicKey,
): KipTransaction => ({
  version: 1,
  inputs: [{ outpoint: previous, signatureScript, sequence: FINAL_SEQUENCE }],
  outputs: [{ value: 0n, spk }],
  lockTime: 0n,
  subnetworkId: new Uint8Array(20),
  gas: 0n,
  payload: new Uint8Array(0),
})

/** A block that the test's chain knows, and its commitment. */
const named = (name: string): Uint8Array => {
  const bytes = new Uint8Array(32).fill('f'.charCodeAt(0))
  bytes.set(utf8(name))
  return bytes
}
const KNOWN_BLOCK = named('input_block')
const ITS_COMMITMENT = named('output_root_hash')

export function runScripts(signatureScript: Uint8Array, script: Uint8Array, unitLimit = Infinity): ScriptOutcome {
  const spk = { version: 0, script }
  const funding = transaction({ txId: ZERO_HASH, index: 0xffff_ffff }, fromHex('0000'), spk)
  const spending = transaction({ txId: transactionId(funding), index: 0 }, signatureScript, {
    version: 0,
    script: new Uint8Array(0),
  })
  return runInput({
    transaction: spending,
    utxos: [{ amount: 0n, spk, daaScore: 0n, isCoinbase: true }],
    inputIndex: 0,
    covenants: new CovenantContext(),
    unitLimit,
    seqCommitOf: (hash) => (hash.every((byte, i) => byte === KNOWN_BLOCK[i]) ? ITS_COMMITMENT : undefined),
    proofs: proofVerifier(),
  })
}

/** The names by which Kaspa's runner would know this outcome. */
export function namesOf([signature, script]: ScriptVector): readonly string[] {
  let scripts: readonly [Uint8Array, Uint8Array]
  try {
    scripts = [assemble(signature), assemble(script)]
  } catch (error) {
    // A literal that no script can hold: their builder refuses it where ours meets the limit.
    if (error instanceof ScriptError) return NAMES[error.code] ?? []
    if (error instanceof QuernError) return [error.code]
    throw error
  }
  const outcome = runScripts(...scripts)
  return outcome.ok ? ['OK'] : (NAMES[outcome.error.code] ?? [outcome.error.code])
}
