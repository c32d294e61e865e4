/** The receipt verifier on proofs made here, so that nothing skips where the real ones are not at hand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../core/bytes.ts'
import { verdictOf } from '../errors.ts'
import { proveToyReceipt } from '../testing/toy-stark.ts'
import { P } from './babybear.ts'
import { type SuccinctOperands, succinctVerifier } from './receipt.ts'

const { circuit, operands: honest } = proveToyReceipt()
const verify = succinctVerifier(circuit)
const codeOf = (change: Partial<SuccinctOperands>, by = verify): string => {
  const verdict = verdictOf(() => by({ ...honest, ...change }))
  return verdict.ok ? 'ok' : verdict.error.code
}

const replaced = (bytes: Uint8Array, word: number, value: number): Uint8Array => {
  const changed = bytes.slice()
  new DataView(changed.buffer).setUint32(4 * word, value, true)
  return changed
}
const withWord = (word: number, value: number) => ({ seal: replaced(honest.seal, word, value) })
/** Another spelling of the same element, which no field element has. */
const aliased = (bytes: Uint8Array, word: number): Uint8Array =>
  replaced(bytes, word, P + new DataView(bytes.slice().buffer).getUint32(4 * word, true))
function flipped(bytes: Uint8Array, bit = 0): Uint8Array {
  const changed = bytes.slice()
  changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}
const short = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 1)
const long = (bytes: Uint8Array, by = 1): Uint8Array => concatBytes(bytes, new Uint8Array(by))

describe('a receipt made here', () => {
  it('is accepted', () => expect(codeOf({})).toBe('ok'))

  it.each([
    ['a row that breaks the rule', { brokenRow: 5 }],
    ['FRI on another function', { foreignFunction: true }],
    ['a false last polynomial', { falseFinal: 1 }],
  ])('with %s is false, though the prover followed the protocol', (_, cheat) => {
    const forged = proveToyReceipt(cheat)
    expect(codeOf(forged.operands, succinctVerifier(forged.circuit))).toBe('ZK_PROOF_FALSE')
  })

  it.each([
    ['ZK_DIGEST_LENGTH', { claim: short(honest.claim) }],
    ['ZK_DIGEST_LENGTH', { journalDigest: long(honest.journalDigest) }],
    ['ZK_DIGEST_LENGTH', { imageId: short(honest.imageId) }],
    ['ZK_DIGEST_LENGTH', { controlId: new Uint8Array(0) }],
    ['ZK_HASH_LENGTH', { hashFunction: new Uint8Array(0) }],
    ['ZK_HASH_LENGTH', { hashFunction: Uint8Array.of(1, 0) }],
    ['ZK_HASH_UNKNOWN', { hashFunction: Uint8Array.of(3) }],
    ['ZK_HASH_UNSUPPORTED', { hashFunction: Uint8Array.of(0) }],
    ['ZK_HASH_UNSUPPORTED', { hashFunction: Uint8Array.of(2) }],
    ['ZK_SEAL_LENGTH', { seal: long(honest.seal) }],
    ['ZK_CONTROL_INDEX_LENGTH', { controlIndex: short(honest.controlIndex) }],
    ['ZK_CONTROL_PATH_LENGTH', { controlDigests: long(honest.controlDigests) }],
    ['ZK_CONTROL_PATH_TOO_LONG', { controlDigests: long(honest.controlDigests, 7 * 32) }],
    ['ZK_OUTPUT_MISMATCH', { claim: flipped(honest.claim) }],
    ['ZK_CLAIM_MISMATCH', { imageId: flipped(honest.imageId) }],
    ['ZK_CLAIM_MISMATCH', { journalDigest: flipped(honest.journalDigest) }],
    ['ZK_CONTROL_MISMATCH', { controlId: flipped(honest.controlId) }],
    ['ZK_CONTROL_MISMATCH', { controlIndex: flipped(honest.controlIndex) }],
    ['ZK_CONTROL_MISMATCH', { controlDigests: honest.controlDigests.subarray(32) }],
    ['ZK_CONTROL_MISMATCH', { controlDigests: new Uint8Array(64).fill(0xff) }],
    ['ZK_CONTROL_MISMATCH', { controlDigests: aliased(honest.controlDigests, 0) }],
    ['ZK_CONTROL_MISMATCH', { controlId: aliased(honest.controlId, 0) }],
    ['ZK_CONTROL_MISMATCH', withWord(2, 5)],
    ['ZK_RECEIPT_FORMAT', { seal: aliased(honest.seal, 0) }],
    ['ZK_RECEIPT_FORMAT', { seal: aliased(honest.seal, 40) }],
    ['ZK_RECEIPT_FORMAT', { seal: new Uint8Array(0) }],
    ['ZK_RECEIPT_FORMAT', { seal: new Uint8Array(128) }],
    ['ZK_RECEIPT_FORMAT', withWord(0, P)],
    ['ZK_RECEIPT_FORMAT', withWord(31, P)],
    ['ZK_RECEIPT_FORMAT', withWord(32, 25)],
    ['ZK_RECEIPT_FORMAT', withWord(33, P)],
    ['ZK_RECEIPT_FORMAT', { seal: honest.seal.subarray(0, 4 * 33) }],
    ['ZK_RECEIPT_FORMAT', { seal: honest.seal.subarray(0, honest.seal.length - 4) }],
    ['ZK_RECEIPT_FORMAT', { seal: long(honest.seal, 4) }],
  ] as const)('%s (%#)', (code, change) => expect(codeOf(change)).toBe(code))

  it('holds with no bit of its seal flipped', () => {
    const codes = new Set<string>()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * honest.seal.length - 1 }), (bit) => {
        const code = codeOf({ seal: flipped(honest.seal, bit) })
        codes.add(code)
        expect(code).toMatch(/^ZK_/)
      }),
      { numRuns: 15 },
    )
    expect(codes).toContain('ZK_PROOF_FALSE')
  })

  it('cut anywhere, or followed by noise after any size of trace, is a typed error', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: honest.seal.length / 4 - 1 }),
        fc.integer({ min: 0, max: 24 }),
        fc.uint8Array({ minLength: 4_000, maxLength: 4_000 }),
        (kept, po2, noise) => {
          expect(codeOf({ seal: honest.seal.subarray(0, 4 * kept) })).toBe('ZK_RECEIPT_FORMAT')
          const words = noise.map((byte, i) => (i % 4 === 3 ? byte & 0x3f : byte))
          const start = withWord(32, po2).seal.subarray(0, 4 * 33)
          expect(codeOf({ seal: concatBytes(start, words) })).toMatch(/^ZK_(RECEIPT_FORMAT|CONTROL_MISMATCH)$/)
        },
      ),
      { numRuns: 10 },
    )
  })
})
