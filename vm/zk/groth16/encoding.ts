/**
 * What arkworks writes for BN254, read strictly: each point and each number has one spelling.
 *
 *     G1   x, 32 bytes little endian                     two flags in the top of the last byte:
 *     G2   c0, then c1, 32 bytes each                    0x80 = y is the larger root, 0x40 = infinity
 *     key  alpha G1 | beta, gamma, delta G2 | count u64 | count G1
 *     proof  A G1 | B G2 | C G1
 *
 * arkworks overlooks coordinates beside the infinity flag; we do not. Whether a point is on its curve and in its subgroup is
 * asked of the curve.
 */
import { bn254 } from '@noble/curves/bn254.js'
import { ZkError } from '../errors.ts'

export const FIELD_ORDER = bn254.fields.Fp.ORDER
/** Of the scalar field, and of both groups. */
export const GROUP_ORDER = bn254.fields.Fr.ORDER

export const FIELD_BYTES = 32
export const G1_BYTES = 32
export const G2_BYTES = 64
export const PROOF_BYTES = 2 * G1_BYTES + G2_BYTES
const COUNT_AT = G1_BYTES + 3 * G2_BYTES
const COUNT_BYTES = 8

const IS_LARGER = 0x80
const IS_INFINITY = 0x40

/** A point of G1 with one coordinate, of G2 with two: 32 bytes little endian each, below the field's order, without flags. */
export interface CompressedPoint {
  readonly x: readonly Uint8Array[]
  readonly isLarger: boolean
  readonly isInfinity: boolean
  /** Whose point this is, for the error's text. */
  readonly name: string
}

export interface CompressedKey {
  readonly alpha: CompressedPoint
  readonly beta: CompressedPoint
  readonly gamma: CompressedPoint
  readonly delta: CompressedPoint
  /** One for the constant, one for each public input. */
  readonly gammaAbc: readonly CompressedPoint[]
}

export interface CompressedProof {
  readonly a: CompressedPoint
  readonly b: CompressedPoint
  readonly c: CompressedPoint
}

export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

/** @throws ZkError `ZK_POINT_FLAGS`, `ZK_POINT_RANGE`, `ZK_POINT_INFINITY` */
function readPoint(bytes: Uint8Array, name: string): CompressedPoint {
  // Not `slice`, by which a Node.js Buffer shares its bytes: the flags are cleared below.
  const own = new Uint8Array(bytes)
  const last = own.length - 1
  const isLarger = (own[last]! & IS_LARGER) !== 0
  const isInfinity = (own[last]! & IS_INFINITY) !== 0
  if (isLarger && isInfinity) throw new ZkError('ZK_POINT_FLAGS', `${name} has both flags: infinity has no larger y`)
  own[last] = own[last]! & ~(IS_LARGER | IS_INFINITY)
  if (isInfinity && own.some((byte) => byte !== 0)) {
    throw new ZkError('ZK_POINT_INFINITY', `${name} is infinity and has a coordinate: write zeros`)
  }
  const x: Uint8Array[] = []
  for (let at = 0; at < own.length; at += FIELD_BYTES) {
    const coordinate = own.subarray(at, at + FIELD_BYTES)
    if (littleEndian(coordinate) >= FIELD_ORDER) {
      throw new ZkError('ZK_POINT_RANGE', `${name} has a coordinate past the field's order: write it reduced`)
    }
    x.push(coordinate)
  }
  return { x, isLarger, isInfinity, name }
}

/**
 * How many elements `gamma_abc` says it has.
 * @throws ZkError `ZK_KEY_TRUNCATED`, `ZK_KEY_EMPTY`
 */
export function gammaAbcCount(key: Uint8Array): bigint {
  if (key.length < COUNT_AT + COUNT_BYTES) throw truncatedKey(key)
  const count = littleEndian(key.subarray(COUNT_AT, COUNT_AT + COUNT_BYTES))
  if (count === 0n) throw new ZkError('ZK_KEY_EMPTY', 'the verifying key has no gamma_abc: it needs one point at least')
  return count
}

const truncatedKey = (key: Uint8Array) =>
  new ZkError('ZK_KEY_TRUNCATED', `the verifying key ends early, after ${key.length} bytes`)

/**
 * The key of a statement with `inputs` public inputs. Nothing is read, allocated or charged for a count that is wrong.
 * @throws ZkError `ZK_KEY_TRUNCATED`, `ZK_KEY_EMPTY`, `ZK_ARITY`, `ZK_KEY_TRAILING`, and those of `readPoint`
 */
export function decodeKey(key: Uint8Array, inputs: number): CompressedKey {
  checkArity(key, inputs)
  const length = COUNT_AT + COUNT_BYTES + (inputs + 1) * G1_BYTES
  if (key.length < length) throw truncatedKey(key)
  if (key.length > length) {
    throw new ZkError('ZK_KEY_TRAILING', `${key.length - length} bytes follow the end of the verifying key`)
  }
  const g2 = (index: number, name: string) => {
    const at = G1_BYTES + index * G2_BYTES
    return readPoint(key.subarray(at, at + G2_BYTES), name)
  }
  return {
    alpha: readPoint(key.subarray(0, G1_BYTES), 'alpha'),
    beta: g2(0, 'beta'),
    gamma: g2(1, 'gamma'),
    delta: g2(2, 'delta'),
    gammaAbc: Array.from({ length: inputs + 1 }, (_, i) => {
      const at = COUNT_AT + COUNT_BYTES + i * G1_BYTES
      return readPoint(key.subarray(at, at + G1_BYTES), `gamma_abc[${i}]`)
    }),
  }
}

/** @throws ZkError `ZK_KEY_TRUNCATED`, `ZK_KEY_EMPTY`, `ZK_ARITY` */
export function checkArity(key: Uint8Array, inputs: number): void {
  const count = gammaAbcCount(key)
  if (count !== BigInt(inputs) + 1n) {
    throw new ZkError('ZK_ARITY', `the key wants ${count - 1n} public inputs and there are ${inputs}`)
  }
}

/** @throws ZkError `ZK_PROOF_TRUNCATED`, `ZK_PROOF_TRAILING`, and those of `readPoint` */
export function decodeProof(proof: Uint8Array): CompressedProof {
  if (proof.length < PROOF_BYTES)
    throw new ZkError('ZK_PROOF_TRUNCATED', `a proof has ${PROOF_BYTES} bytes, not ${proof.length}`)
  if (proof.length > PROOF_BYTES)
    throw new ZkError('ZK_PROOF_TRAILING', `a proof has ${PROOF_BYTES} bytes, not ${proof.length}`)
  return {
    a: readPoint(proof.subarray(0, G1_BYTES), 'A'),
    b: readPoint(proof.subarray(G1_BYTES, G1_BYTES + G2_BYTES), 'B'),
    c: readPoint(proof.subarray(G1_BYTES + G2_BYTES), 'C'),
  }
}

/** A public input. @throws ZkError `ZK_INPUT_LENGTH`, `ZK_INPUT_RANGE` */
export function decodeInput(input: Uint8Array): bigint {
  if (input.length !== FIELD_BYTES) {
    throw new ZkError('ZK_INPUT_LENGTH', `a public input has ${FIELD_BYTES} bytes, not ${input.length}`)
  }
  const value = littleEndian(input)
  if (value >= GROUP_ORDER)
    throw new ZkError('ZK_INPUT_RANGE', 'a public input is past the order of the field: reduce it')
  return value
}
