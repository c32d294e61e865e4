/**
 * KIP-16's Groth16 vectors: `vk`, `proof` and `inputs` in arkworks' encoding, `expect`, and `mutations` {name, op, expect,
 * error} of them, where `op` says by part how it is broken.
 */
import { concatBytes } from '../../core/bytes.ts'
import { INFINITY_G1 } from '../zk/groth16/compress.ts'
import type { Groth16Statement } from '../zk/groth16/groth16.ts'
import { ZK_TAG } from '../zk/operands.ts'
import type { ProofVerifier } from '../zk/verify.ts'
import { type Check, codeOf, codeOfClass, compare } from './check.ts'
import type { JsonValue } from './json-value.ts'
import { changed } from './mutations.ts'

/** rusty-kaspa's classes of failure. */
const CODES: Readonly<Record<string, string>> = {
  'arity mismatch': 'ZK_ARITY',
  'invalid Fr length': 'ZK_INPUT_LENGTH',
  'field element not canonical': 'ZK_INPUT_RANGE',
  'vk deserialization': 'ZK_KEY_TRUNCATED',
  'vk trailing bytes': 'ZK_KEY_TRAILING',
  'empty gamma_abc_g1': 'ZK_KEY_EMPTY',
  'proof deserialization': 'ZK_PROOF_TRUNCATED',
  'proof trailing bytes': 'ZK_PROOF_TRAILING',
  'verification failed': 'ZK_PROOF_FALSE',
}

/** Where the count of `gamma_abc` stands in a key, and its length. */
const COUNT_AT = 224
const COUNT_BYTES = 8

const withFirstPoint = (bytes: Uint8Array, point: Uint8Array): Uint8Array =>
  concatBytes(point, bytes.subarray(point.length))

function broken(statement: Groth16Statement, target: string, op: JsonValue): Groth16Statement {
  const { key, proof, inputs } = statement
  const text = op.text()
  const index = /^inputs\[(\d{1,3})\]$/.exec(target)?.[1]
  if (index !== undefined) {
    if (inputs[Number(index)] === undefined) throw op.malformed(`about one of ${inputs.length} inputs`)
    return { ...statement, inputs: inputs.map((input, i) => (i === Number(index) ? changed(input, op) : input)) }
  }
  switch (`${target}: ${text}`) {
    case 'inputs: pop':
      return { ...statement, inputs: inputs.slice(0, -1) }
    case 'inputs: push inputs[0]':
      return { ...statement, inputs: [...inputs, ...inputs.slice(0, 1)] }
    case 'vk: count=0, drop all IC points':
      return { ...statement, key: concatBytes(key.subarray(0, COUNT_AT), new Uint8Array(COUNT_BYTES)) }
    case 'vk: alpha := infinity':
      return { ...statement, key: withFirstPoint(key, INFINITY_G1) }
    case 'proof: A := infinity':
      return { ...statement, proof: withFirstPoint(proof, INFINITY_G1) }
  }
  if (target === 'vk') return { ...statement, key: changed(key, op) }
  if (target === 'proof') return { ...statement, proof: changed(proof, op) }
  throw op.malformed('about vk, proof, inputs or inputs[n]')
}

/** What a file expects: acceptance, or a refusal whose class it may name. */
export function expectedCode(json: JsonValue, codes: Readonly<Record<string, string>>): string {
  if (json.field('expect').flag()) return 'accepted'
  const error = json.field('error')
  const code = codeOfClass(codes, error.text())
  if (code === undefined) throw error.malformed(`one of: ${Object.keys(codes).join(', ')}`)
  return code
}

/** @throws QuernError `VECTOR_MALFORMED` */
export function* groth16Checks(json: JsonValue, verifier: ProofVerifier): Generator<Check> {
  const honest = {
    key: json.field('vk').bytes(),
    proof: json.field('proof').bytes(),
    inputs: json
      .field('inputs')
      .list()
      .map((input) => input.bytes()),
  }
  const found = (statement: Groth16Statement): string => codeOf(verifier.verify({ tag: ZK_TAG.groth16, ...statement }))
  yield compare('the proof', expectedCode(json, CODES), found(honest))
  for (const mutation of json.optional('mutations')?.list() ?? []) {
    const statement = mutation
      .field('op')
      .entries()
      .reduce<Groth16Statement>((all, [target, op]) => broken(all, target, op), honest)
    yield compare(mutation.field('name').text(), expectedCode(mutation, CODES), found(statement))
  }
}
