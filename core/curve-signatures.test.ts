import { secp256k1 as noble, schnorr } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigIntToBytes, bytesToBigInt, concatBytes } from './bytes.ts'
import {
  fastest,
  isCompressedPoint,
  isXCoordinate,
  ORDER,
  pureSignatures,
  verifyEcdsa,
  verifySchnorr,
} from './curve-signatures.ts'
import { sha256 } from './hash.ts'
import { libsecp256k1 } from './libsecp256k1.ts'

const FIELD = noble.Point.Fp.ORDER
const { BASE } = noble.Point
const bytes = (n: bigint) => bigIntToBytes(n, 32)

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secrets = Array.from({ length: 16 }, (_, i) => sha256(Uint8Array.of(i)))
/** Where the fields and the group end, and what wraps around there. */
const edge = fc.constantFrom(
  ...[0n, 1n, 2n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, ORDER, ORDER + 1n, ORDER + 7n],
  ...[FIELD - ORDER, FIELD - 1n, FIELD, FIELD + 1n, 2n ** 256n - 1n],
)
const number = fc.oneof(edge.map(bytes), hash)
/** x coordinates above the order too, half of which are on points. The order itself is on one. */
const xCoordinate = fc.oneof(number, fc.bigInt({ min: ORDER, max: FIELD - 1n }).map(bytes))

type Given = readonly [signature: Uint8Array, digest: Uint8Array, key: Uint8Array]

const flipped = (data: Uint8Array, bit: number): Uint8Array => {
  const at = bit % (8 * data.length)
  return data.with(at >> 3, data[at >> 3]! ^ (1 << (at & 7)))
}

/** What a forger changes in a good signature. */
const forgery = fc.oneof(
  fc.constant((given: Given): Given => given),
  fc.tuple(fc.nat(2), fc.nat()).map(
    ([which, bit]) =>
      (given: Given): Given =>
        given.map((data, i) => (i === which ? flipped(data, bit) : data)) as unknown as Given,
  ),
  number.map(
    (r) =>
      ([signature, ...rest]: Given): Given => [concatBytes(r, signature.subarray(32)), ...rest],
  ),
  number.map(
    (s) =>
      ([signature, ...rest]: Given): Given => [concatBytes(signature.subarray(0, 32), s), ...rest],
  ),
  fc.constant(([signature, ...rest]: Given): Given => {
    const s = (2n * ORDER - bytesToBigInt(signature.subarray(32))) % ORDER
    return [concatBytes(signature.subarray(0, 32), bytes(s)), ...rest]
  }),
  fc.constant(([signature, ...rest]: Given): Given => {
    const s = bytesToBigInt(signature.subarray(32)) + ORDER
    return s < 2n ** 256n ? [concatBytes(signature.subarray(0, 32), bytes(s)), ...rest] : [signature, ...rest]
  }),
  fc.tuple(fc.nat(2), fc.nat(70)).map(([which, length]) => (given: Given): Given => {
    const resized = given.map((data, i) => (i === which ? concatBytes(data, data, data).slice(0, length) : data))
    return resized as unknown as Given
  }),
)

/** Of both backends, which must agree. */
function both(check: (by: typeof fastest) => boolean): boolean {
  const verdict = check(fastest)
  expect(check(pureSignatures)).toBe(verdict)
  return verdict
}

it('the native library loads here: else nothing below compares anything', () => {
  expect(libsecp256k1).toBeDefined()
  expect(fastest).not.toBe(pureSignatures)
})

describe('Schnorr', () => {
  const good = secrets.map(
    (key): Given => [schnorr.sign(sha256(key), key, new Uint8Array(32)), sha256(key), schnorr.getPublicKey(key)],
  )

  it('has the same verdict in both backends, good and forged', () => {
    const seen = { good: 0, bad: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...good), forgery, (given, forge) => {
        seen[both((by) => verifySchnorr(...forge(given), by)) ? 'good' : 'bad']++
      }),
      { numRuns: 400 },
    )
    expect(seen.good).toBeGreaterThan(50)
    expect(seen.bad).toBeGreaterThan(200)
  })

  it('refuses a point at infinity and one with an odd y', () => {
    for (let i = 1; i <= 10; i++) {
      const key = schnorr.getPublicKey(sha256(Uint8Array.of(i)))
      const d = bytesToBigInt(sha256(Uint8Array.of(i)))
      const even = noble.Point.fromBytes(concatBytes(Uint8Array.of(2), key)).equals(BASE.multiply(d)) ? d : ORDER - d
      const digest = sha256(key)
      const challenge = (r: Uint8Array) =>
        bytesToBigInt(schnorr.utils.taggedHash('BIP0340/challenge', r, key, digest)) % ORDER
      // s G = e P.
      const r = bytes(BigInt(i))
      const s = (challenge(r) * even) % ORDER
      expect(both((by) => verifySchnorr(concatBytes(r, bytes(s)), digest, key, by))).toBe(false)
      // An honest signature, but for the sign of its nonce.
      const nonce = BASE.multiply(BigInt(i)).toAffine()
      const r2 = bytes(nonce.x)
      const [odd, good] = nonce.y & 1n ? [BigInt(i), ORDER - BigInt(i)] : [ORDER - BigInt(i), BigInt(i)]
      const signed = (k: bigint) => concatBytes(r2, bytes((k + challenge(r2) * even) % ORDER))
      expect(both((by) => verifySchnorr(signed(good), digest, key, by))).toBe(true)
      expect(both((by) => verifySchnorr(signed(odd), digest, key, by))).toBe(false)
    }
  })

  it('has the same verdict on any bytes', () => {
    fc.assert(
      fc.property(number, number, hash, xCoordinate, (r, s, digest, key) => {
        both((by) => verifySchnorr(concatBytes(r, s), digest, key, by))
      }),
      { numRuns: 400 },
    )
  })
})

describe('ECDSA', () => {
  const good = secrets.map(
    (key): Given => [noble.sign(sha256(key), key, { prehash: false }), sha256(key), noble.getPublicKey(key, true)],
  )

  it('has the same verdict in both backends, good and forged', () => {
    const seen = { good: 0, bad: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...good), forgery, (given, forge) => {
        seen[both((by) => verifyEcdsa(...forge(given), by)) ? 'good' : 'bad']++
      }),
      { numRuns: 400 },
    )
    expect(seen.good).toBeGreaterThan(50)
    expect(seen.bad).toBeGreaterThan(200)
  })

  it('wants s in the lower half, and takes digests and r beyond the order', () => {
    const [key, digest] = [sha256(Uint8Array.of(1)), bytes(2n ** 256n - 1n)]
    const signature = noble.sign(digest, key, { prehash: false })
    const publicKey = noble.getPublicKey(key, true)
    expect(both((by) => verifyEcdsa(signature, digest, publicKey, by))).toBe(true)
    const high = concatBytes(signature.subarray(0, 32), bytes(ORDER - bytesToBigInt(signature.subarray(32))))
    expect(both((by) => verifyEcdsa(high, digest, publicKey, by))).toBe(false)
    // A nonce whose x is n + r: with z = 0 and any s, r P / s has to be R, so P = R s / r.
    let x = ORDER + 1n
    while (!isXCoordinate(bytes(x))) x++
    const [r, s] = [x - ORDER, 3n]
    const inverse = noble.Point.Fn.inv(r)
    const point = schnorr.utils.lift_x(x).multiply((s * inverse) % ORDER)
    const rare = concatBytes(bytes(r), bytes(s))
    expect(both((by) => verifyEcdsa(rare, bytes(0n), point.toBytes(true), by))).toBe(true)
    expect(both((by) => verifyEcdsa(rare, bytes(ORDER), point.toBytes(true), by))).toBe(true)
    expect(both((by) => verifyEcdsa(rare, bytes(1n), point.toBytes(true), by))).toBe(false)
  })

  it('has the same verdict on any bytes', () => {
    const key = fc.tuple(fc.constantFrom(0, 2, 3, 4, 6, 7), xCoordinate).map(([head, x]) => Uint8Array.of(head, ...x))
    fc.assert(
      fc.property(number, number, number, key, (r, s, digest, publicKey) => {
        both((by) => verifyEcdsa(concatBytes(r, s), digest, publicKey, by))
      }),
      { numRuns: 400 },
    )
  })
})

describe('keys', () => {
  it('are points in both backends, or in neither', () => {
    const any = fc.oneof(xCoordinate, fc.uint8Array({ maxLength: 70 }))
    fc.assert(
      fc.property(fc.nat(8), any, (head, x) => {
        const key = Uint8Array.of(head, ...x)
        const isPoint = both((by) => isCompressedPoint(key, by))
        const isX = both((by) => isXCoordinate(x, by))
        expect(isPoint).toBe(isX && (head === 2 || head === 3))
      }),
      { numRuns: 1_000 },
    )
    const uncompressed = noble.getPublicKey(sha256(Uint8Array.of(1)), false)
    for (const head of [4, 6, 7]) {
      expect(both((by) => isCompressedPoint(uncompressed.with(0, head), by))).toBe(false)
    }
  })
})
