/** Keys, proofs, inputs and seals from anywhere: read as the one encoding of something, or refused by name. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, hexKey } from '../../../core/bytes.ts'
import { ZkError } from '../errors.ts'
import { readGroth16Seal } from '../risc0/groth16-receipt.ts'
import { toyGroth16 } from '../testing/toy-groth16.ts'
import { encodeField } from './compress.ts'
import {
  type CompressedPoint,
  checkArity,
  decodeInput,
  decodeKey,
  decodeProof,
  FIELD_ORDER,
  GROUP_ORDER,
} from './encoding.ts'

const INPUTS = 2
const honest = toyGroth16(INPUTS).prove([3n, 4n])

const field = fc.constantFrom(
  ...[0n, 1n, FIELD_ORDER - 1n, FIELD_ORDER, GROUP_ORDER - 1n, GROUP_ORDER, 2n ** 254n - 1n].map(encodeField),
)
/** A coordinate put where one may be, flags flipped, a count of any size, and bytes cut out and put in. */
const edit = fc.oneof(
  fc.tuple(fc.nat(12), field).map(([place, x]) => ({ at: 32 * place, drop: 32, put: x })),
  fc.tuple(fc.nat(12), fc.integer({ min: 0, max: 255 })).map(([place, flags]) => ({
    ...{ at: 32 * place + 31, drop: 1 },
    put: Uint8Array.of(flags),
  })),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((count) => ({ at: 224, drop: 8, put: count })),
  fc.record({
    at: fc.nat(400),
    drop: fc.constantFrom(0, 1, 32, 400),
    put: fc.uint8Array({ maxLength: 40 }),
  }),
)
const edits = fc.array(edit, { maxLength: 3 })
/** Mostly the right one: with any other, nothing but the count is looked at. */
const inputCount = fc.constantFrom(INPUTS, INPUTS, INPUTS, 0, INPUTS + 1, 2 ** 31, 2 ** 53 - 2)
const BOTH_FLAGS = [{ at: 31, drop: 1, put: Uint8Array.of(0xc0) }]
/** The honest point's x, said to be infinity's. */
const INFINITY_WITH_X = [{ at: 31, drop: 1, put: Uint8Array.of(0x40) }]
/** So that these are met, whatever else is drawn. */
const RARE = [BOTH_FLAGS, INFINITY_WITH_X]
const edited = (bytes: Uint8Array, changes: readonly { at: number; drop: number; put: Uint8Array }[]): Uint8Array =>
  changes.reduce((data, { at, drop, put }) => concatBytes(data.subarray(0, at), put, data.subarray(at + drop)), bytes)

/** As it was written. */
function pointBytes({ x, isLarger, isInfinity }: CompressedPoint): Uint8Array {
  const bytes = concatBytes(...x)
  bytes[bytes.length - 1]! |= (isLarger ? 0x80 : 0) | (isInfinity ? 0x40 : 0)
  return bytes
}

const FLAG_CODES = ['ZK_POINT_FLAGS', 'ZK_POINT_INFINITY']
const seen = new Map<string, number>()

/** What it reads, or undefined where it is refused by name. */
function reading<T>(read: () => T): T | undefined {
  try {
    const value = read()
    seen.set('ok', (seen.get('ok') ?? 0) + 1)
    return value
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    seen.set(error.code, (seen.get(error.code) ?? 0) + 1)
    return undefined
  }
}

describe('of any bytes', () => {
  it('keys are read whole or refused by name', () => {
    seen.clear()
    fc.assert(
      fc.property(edits, inputCount, (changes, inputs) => {
        const bytes = edited(honest.key, changes)
        const key = reading(() => decodeKey(bytes, inputs))
        if (key === undefined) return
        const { alpha, beta, gamma, delta, gammaAbc } = key
        const count = concatBytes(encodeField(BigInt(gammaAbc.length)).subarray(0, 8))
        const head = [alpha, beta, gamma, delta].map(pointBytes)
        expect(hexKey(concatBytes(...head, count, ...gammaAbc.map(pointBytes)))).toBe(hexKey(bytes))
      }),
      { numRuns: 2_000, examples: RARE.map((changes): [typeof changes, number] => [changes, INPUTS]) },
    )
    for (const code of ['ok', 'ZK_ARITY', 'ZK_KEY_TRUNCATED', 'ZK_KEY_TRAILING', 'ZK_POINT_RANGE', ...FLAG_CODES]) {
      expect(seen.get(code) ?? 0, code).toBeGreaterThan(0)
    }
  })

  it('a count that nobody has bytes for is refused before anything is made of it', () => {
    const inputs = 2 ** 40
    const count = encodeField(BigInt(inputs) + 1n).subarray(0, 8)
    const key = edited(honest.key, [{ at: 224, drop: 8, put: count }])
    expect(() => checkArity(key, inputs)).not.toThrow()
    expect(() => decodeKey(key, inputs)).toThrow(expect.objectContaining({ code: 'ZK_KEY_TRUNCATED' }))
  })

  it('proofs are read whole or refused by name', () => {
    seen.clear()
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = edited(honest.proof, changes)
        const proof = reading(() => decodeProof(bytes))
        if (proof !== undefined) {
          expect(hexKey(concatBytes(...[proof.a, proof.b, proof.c].map(pointBytes)))).toBe(hexKey(bytes))
        }
      }),
      { numRuns: 1_000, examples: RARE.map((changes): [typeof changes] => [changes]) },
    )
    for (const code of ['ok', 'ZK_PROOF_TRUNCATED', 'ZK_PROOF_TRAILING', 'ZK_POINT_RANGE', ...FLAG_CODES]) {
      expect(seen.get(code) ?? 0, code).toBeGreaterThan(0)
    }
  })

  it('inputs are numbers below the order or refused by name', () => {
    fc.assert(
      fc.property(fc.oneof(field, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        const value = reading(() => decodeInput(bytes))
        if (value !== undefined) expect(hexKey(encodeField(value))).toBe(hexKey(bytes))
      }),
    )
  })

  it('seals become proofs of the right size or are refused by name', () => {
    const seal = fc.oneof(fc.uint8Array({ minLength: 260, maxLength: 260 }), fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(seal, (bytes) => {
        const read = reading(() => readGroth16Seal(bytes))
        if (read !== undefined) reading(() => decodeProof(read.proof))
      }),
      { numRuns: 300 },
    )
  })
})
