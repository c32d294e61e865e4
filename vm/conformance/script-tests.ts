/**
 * Kaspa's `script_tests.json`: a list of [signature script, public key script, flags, expected name, comment?]. Scripts are text
 * as assembly.ts reads it; an entry of one text is a comment.
 */
import { utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { assemble } from '../script/assembly.ts'
import { runInput } from '../script/engine.ts'
import { ScriptError, type ScriptErrorCode } from '../script/errors.ts'
import { opcodeName } from '../script/opcodes.ts'
import { instructions } from '../script/parse.ts'
import { proofVerifier } from '../zk/verify.ts'
import { bareSpend } from './bare-spend.ts'
import type { Check } from './check.ts'
import type { JsonValue } from './json-value.ts'
import { whySkipped } from './skipped.ts'

/** Kaspa's names of failures that each of ours answers to. */
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

/** A block that the entries' chain knows, and its commitment. */
const named = (name: string): Uint8Array => {
  const bytes = new Uint8Array(32).fill('f'.charCodeAt(0))
  bytes.set(utf8(name))
  return bytes
}
const KNOWN_BLOCK = named('input_block')
const ITS_COMMITMENT = named('output_root_hash')

const seqCommitOf = (hash: Uint8Array): Uint8Array | undefined =>
  hash.every((byte, i) => byte === KNOWN_BLOCK[i]) ? ITS_COMMITMENT : undefined

const proofs = proofVerifier()
/** Some seconds of the dearest opcodes: no entry makes a run long. */
const UNIT_LIMIT = 1_000_000_000

/** The names by which Kaspa's runner would know how these scripts end. */
function namesOf(signature: string, script: string): readonly string[] {
  let spend: ReturnType<typeof bareSpend>
  try {
    spend = bareSpend(assemble(signature), assemble(script))
  } catch (error) {
    // A literal that no script can hold: their builder refuses it where ours meets the limit.
    if (error instanceof ScriptError) return NAMES[error.code] ?? []
    if (error instanceof QuernError) return [error.code]
    throw error
  }
  const outcome = runInput({ ...spend, unitLimit: UNIT_LIMIT, seqCommitOf, proofs })
  return outcome.ok ? ['OK'] : (NAMES[outcome.error.code] ?? [outcome.error.code])
}

/** Opcodes that the texts name; up to the first malformed push. */
function* opcodesOf(texts: readonly string[]): Generator<string> {
  for (const text of texts) {
    try {
      for (const { opcode } of instructions(assemble(text))) yield opcodeName(opcode)
    } catch (error) {
      if (!(error instanceof ScriptError || error instanceof QuernError)) throw error
    }
  }
}

/** @throws QuernError `VECTOR_MALFORMED` */
export function* scriptChecks(json: JsonValue): Generator<Check> {
  for (const [i, entry] of json.list().entries()) {
    const parts = entry.list()
    if (parts.length === 1) continue
    if (parts.length < 4) throw entry.malformed('signature script, public key script, flags and expected name')
    const [signature, script, flags, expected, comment = ''] = parts.map((part) => part.text()) as [
      string,
      string,
      string,
      string,
      string?,
    ]
    const name = `entry ${i}${comment === '' ? '' : ` (${comment})`}: ${signature} | ${script}`
    const reason = whySkipped(flags, opcodesOf([signature, script]))
    if (reason !== undefined) {
      yield { name, verdict: 'skipped', reason }
      continue
    }
    const found = namesOf(signature, script)
    if (found.includes(expected)) yield { name, verdict: 'passed' }
    else yield { name, verdict: 'failed', expected, found: found.join(' or ') }
  }
}
