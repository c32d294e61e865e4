import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import { fastest, pureSignatures } from '../../core/curve-signatures.ts'
import { sha256 } from '../../core/hash.ts'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { JsonValue } from '../conformance/json-value.ts'
import { ScriptError } from './errors.ts'
import { verifyEcdsa, verifySchnorr } from './signatures.ts'

const secret = sha256(Uint8Array.of(1))
const digest = sha256(Uint8Array.of(2))
const xOnly = schnorr.getPublicKey(secret)
const compressed = secp256k1.getPublicKey(secret, true)
const uncompressed = secp256k1.getPublicKey(secret, false)
const signature = { schnorr: schnorr.sign(digest, secret), ecdsa: secp256k1.sign(digest, secret, { prehash: false }) }
const NO_POINT = new Uint8Array(32)
const ABOVE = new Uint8Array(32).fill(255)

/** The verdict, or the error's code, of both backends, which must agree. */
function both(verify: typeof verifySchnorr, ...given: Parameters<typeof verifySchnorr>): string {
  const [one, other] = [fastest, pureSignatures].map((by) => {
    try {
      return String(verify(given[0], given[1], given[2], by))
    } catch (error) {
      if (error instanceof ScriptError) return error.code
      throw error
    }
  })
  expect(one).toBe(other)
  return one!
}

describe('what is no key or no signature', () => {
  it.each([
    ['true', signature.schnorr, xOnly],
    ['false', signature.ecdsa, xOnly],
    ['INVALID_PUBKEY', signature.schnorr, compressed],
    ['INVALID_PUBKEY', signature.schnorr, NO_POINT],
    ['INVALID_PUBKEY', signature.schnorr.slice(1), NO_POINT],
    ['INVALID_PUBKEY', signature.schnorr, ABOVE],
    ['INVALID_SIGNATURE', signature.schnorr.slice(1), xOnly],
    ['false', concatBytes(signature.schnorr.subarray(0, 32), ABOVE), xOnly],
    ['false', concatBytes(ABOVE, signature.schnorr.subarray(32)), xOnly],
  ])('of Schnorr: %s', (expected, bytes, key) => {
    expect(both(verifySchnorr, bytes, digest, key)).toBe(expected)
  })

  it.each([
    ['true', signature.ecdsa, compressed],
    ['false', signature.schnorr, compressed],
    ['PUBKEY_FORMAT', signature.ecdsa, xOnly],
    ['PUBKEY_FORMAT', signature.ecdsa, uncompressed],
    ['PUBKEY_FORMAT', signature.ecdsa, uncompressed.with(0, 6 + (uncompressed[64]! & 1))],
    ['INVALID_PUBKEY', signature.ecdsa, uncompressed.slice(0, 33)],
    ['INVALID_PUBKEY', signature.ecdsa, concatBytes(Uint8Array.of(2), NO_POINT)],
    ['INVALID_SIGNATURE', signature.ecdsa.slice(1), compressed],
    ['INVALID_SIGNATURE', concatBytes(signature.ecdsa.subarray(0, 32), ABOVE), compressed],
    ['INVALID_SIGNATURE', concatBytes(ABOVE, signature.ecdsa.subarray(32)), compressed],
    ['false', concatBytes(NO_POINT, signature.ecdsa.subarray(32)), compressed],
    ['false', concatBytes(signature.ecdsa.subarray(0, 32), NO_POINT), compressed],
  ])('of ECDSA: %s', (expected, bytes, key) => {
    expect(both(verifyEcdsa, bytes, digest, key)).toBe(expected)
  })

  it('has the same name in both backends', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 70 }),
      fc.constantFrom(xOnly, compressed, uncompressed, signature.schnorr, signature.ecdsa, NO_POINT, ABOVE),
    )
    fc.assert(
      fc.property(fc.constantFrom(verifySchnorr, verifyEcdsa), bytes, bytes, (verify, given, key) => {
        both(verify, given, digest, key)
      }),
      { numRuns: 500 },
    )
  })
})

describe('without the native library', () => {
  afterAll(() => {
    vi.doUnmock('../../core/libsecp256k1.ts')
    vi.resetModules()
  })

  const vectors = sharedVectors<unknown>('kaspa_script_tests.json')
  it.skipIf(vectors === undefined)('every script of kaspa_script_tests.json ends as with it', async () => {
    const verdicts = async () => {
      const { scriptChecks } = await import('../conformance/script-tests.ts')
      return [...scriptChecks(new JsonValue(vectors, 'script tests'))].map(({ name, verdict }) => `${verdict} ${name}`)
    }
    const native = await verdicts()
    vi.resetModules()
    vi.doMock('../../core/libsecp256k1.ts', () => ({ libsecp256k1: undefined }))
    const loaded = await import('../../core/curve-signatures.ts')
    expect(loaded.fastest).toBe(loaded.pureSignatures)
    expect(await verdicts()).toEqual(native)
    expect(native.filter((verdict) => verdict.startsWith('failed'))).toEqual([])
  })
})
