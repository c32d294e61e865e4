/**
 * KIP-16's vectors of RISC Zero's succinct receipts: the operands of tag 0x21, `expect`, and `mutations` {name, op, expect,
 * error} of them, where `op` says by operand, or by word of the seal, how it is broken.
 */
import { ZK_TAG } from '../zk/operands.ts'
import type { SuccinctOperands } from '../zk/risc0/receipt.ts'
import type { ProofVerifier } from '../zk/verify.ts'
import { type Check, codeOf, compare } from './check.ts'
import { expectedCode } from './groth16.ts'
import type { JsonValue } from './json-value.ts'
import { changed, withWord } from './mutations.ts'

/** rusty-kaspa's classes of failure, without their figures. */
const CODES: Readonly<Record<string, string>> = {
  'invalid digest length': 'ZK_DIGEST_LENGTH',
  'hash fn encoding length': 'ZK_HASH_LENGTH',
  'invalid hash fn id': 'ZK_HASH_UNKNOWN',
  'unsupported hash fn': 'ZK_HASH_UNSUPPORTED',
  'invalid seal length': 'ZK_SEAL_LENGTH',
  'invalid merkle index length': 'ZK_CONTROL_INDEX_LENGTH',
  'invalid digest list length': 'ZK_CONTROL_PATH_LENGTH',
  'seal output hash != claim': 'ZK_OUTPUT_MISMATCH',
  'claim != recomputed claim': 'ZK_CLAIM_MISMATCH',
  'control id mismatch': 'ZK_CONTROL_MISMATCH',
  'control inclusion proof length': 'ZK_CONTROL_PATH_TOO_LONG',
  'invalid receipt format': 'ZK_RECEIPT_FORMAT',
}

const FIELDS: Readonly<Record<string, keyof SuccinctOperands>> = {
  claim: 'claim',
  control_index: 'controlIndex',
  control_digests: 'controlDigests',
  seal: 'seal',
  journal_digest: 'journalDigest',
  image_id: 'imageId',
  control_id: 'controlId',
  hashfn: 'hashFunction',
}

function broken(operands: SuccinctOperands, target: string, op: JsonValue): SuccinctOperands {
  const word = /^seal word (\d{1,6})$/.exec(target)?.[1]
  if (word !== undefined) return { ...operands, seal: withWord(operands.seal, Number(word), op) }
  const field = Object.hasOwn(FIELDS, target) ? FIELDS[target] : undefined
  if (field === undefined) throw op.malformed(`about ${Object.keys(FIELDS).join(', ')} or "seal word n"`)
  return { ...operands, [field]: changed(operands[field], op) }
}

/** @throws QuernError `VECTOR_MALFORMED` */
export function* risc0SuccinctChecks(json: JsonValue, verifier: ProofVerifier): Generator<Check> {
  const operand = (name: string): Uint8Array => json.field(name).bytes()
  const honest: SuccinctOperands = {
    claim: operand('claim'),
    controlIndex: operand('control_index'),
    controlDigests: operand('control_digests'),
    seal: operand('seal'),
    journalDigest: operand('journal_digest'),
    imageId: operand('image_id'),
    controlId: operand('control_id'),
    hashFunction: operand('hashfn'),
  }
  const found = (operands: SuccinctOperands): string => codeOf(verifier.verify({ tag: ZK_TAG.succinct, ...operands }))
  yield compare('the receipt', expectedCode(json, CODES), found(honest))
  for (const mutation of json.optional('mutations')?.list() ?? []) {
    const operands = mutation
      .field('op')
      .entries()
      .reduce((all, [target, op]) => broken(all, target, op), honest)
    yield compare(mutation.field('name').text(), expectedCode(mutation, CODES), found(operands))
  }
}
