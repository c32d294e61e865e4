import { bls12_381 } from '@noble/curves/bls12-381.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BlsScheme, bls, pureBls } from './bls.ts'
import { bigIntToBytes, concatBytes, fromHex, hexKey, utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'

const { Point: G1 } = bls12_381.G1
const { Point: G2 } = bls12_381.G2
const ORDER = bls12_381.fields.Fr.ORDER
const FIELD = bls12_381.fields.Fp.ORDER

const invalid = expect.objectContaining({ name: 'QuernError', code: 'BLS_INVALID' })
const message = utf8('a block')
const secrets = Array.from({ length: 4 }, (_, i) => {
  const bytes = sha256(Uint8Array.of(i))
  bytes[0] = 0x01
  return bytes
})
const publicKeys = secrets.map((secret) => bls.publicKey(secret))
const signatures = secrets.map((secret) => bls.sign(secret, message))
const [key, signature] = [publicKeys[0]!, signatures[0]!]

const identityKey = G1.ZERO.toBytes()
const identitySignature = G2.ZERO.toBytes()

/** On the curve, outside the prime-order subgroup: noble says so while decoding. */
function outsideSubgroup(length: 48 | 96): Uint8Array {
  for (let x = 1; x < 60; x++) {
    const bytes = new Uint8Array(length)
    bytes[0] = 0x80
    bytes[length - 1] = x
    try {
      if (length === 48) G1.fromBytes(bytes)
      else G2.fromBytes(bytes)
    } catch (error) {
      if (error instanceof Error && error.message.includes('subgroup')) return bytes
    }
  }
  throw new Error('no such point found')
}

/** The compressed form, written by hand: the library refuses to write a point outside the subgroup. */
function compress(parts: readonly bigint[], y: readonly bigint[]): Uint8Array {
  const leading = y[0] === 0n ? y[1]! : y[0]!
  const bytes = concatBytes(...parts.map((part) => bigIntToBytes(part, 48)))
  bytes[0] = bytes[0]! | 0x80 | (2n * leading > FIELD ? 0x20 : 0)
  return bytes
}

/**
 * The point plus one whose order divides the cofactor. Pairings do not see the difference, so only the subgroup check
 * keeps a key or signature from having many spellings.
 */
function malleate(point: Uint8Array): Uint8Array {
  const { Fp, Fp2 } = bls12_381.fields
  for (let i = 1n; i < 60n; i++) {
    try {
      if (point.length === 48) {
        const stray = G1.fromAffine({ x: i, y: Fp.sqrt(i ** 3n + 4n) })
        const { x, y } = G1.fromBytes(point)
          .add(stray.multiplyUnsafe(ORDER - 1n))
          .add(stray)
          .toAffine()
        return compress([x], [y])
      }
      const at = { c0: i, c1: 0n }
      const stray = G2.fromAffine({ x: at, y: Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(at), at), { c0: 4n, c1: 4n })) })
      const { x, y } = G2.fromBytes(point)
        .add(stray.multiplyUnsafe(ORDER - 1n))
        .add(stray)
        .toAffine()
      return compress([x.c1, x.c0], [y.c1, y.c0])
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('square root'))) throw error
    }
  }
  throw new Error('no such point found')
}

/** Each answer once, where both backends give it; a refusal is its code. */
function both(ask: (scheme: BlsScheme) => Uint8Array | boolean): string | boolean {
  const [native, pure] = [bls, pureBls].map((scheme) => {
    try {
      const answer = ask(scheme)
      return typeof answer === 'boolean' ? answer : hexKey(answer)
    } catch (error) {
      expect(error).toEqual(invalid)
      return 'BLS_INVALID'
    }
  })
  expect(native).toBe(pure)
  return native!
}

/** Malformed in every way that a wire could deliver. */
const BAD_KEYS: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  short: key.subarray(1),
  long: new Uint8Array([...key, 0]),
  identity: identityKey,
  'identity with stray bits': Uint8Array.from(identityKey, (byte, i) => (i === 47 ? 1 : byte)),
  uncompressed: G1.fromBytes(key).toBytes(false),
  'compression flag missing': Uint8Array.from(key, (byte, i) => (i === 0 ? byte & 0x7f : byte)),
  zeros: new Uint8Array(48),
  'x past the field': Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0x9f : 0xff)),
  'outside the subgroup': outsideSubgroup(48),
  'the right key plus a point of small order': malleate(key),
  'a signature': signature,
}
const BAD_SIGNATURES: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  short: signature.subarray(1),
  long: new Uint8Array([...signature, 0]),
  identity: identitySignature,
  'identity with stray bits': Uint8Array.from(identitySignature, (byte, i) => (i === 95 ? 1 : byte)),
  uncompressed: G2.fromBytes(signature).toBytes(false),
  'compression flag missing': Uint8Array.from(signature, (byte, i) => (i === 0 ? byte & 0x7f : byte)),
  zeros: new Uint8Array(96),
  'x past the field': Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0x9f : 0xff)),
  'outside the subgroup': outsideSubgroup(96),
  'the right signature plus a point of small order': malleate(signature),
  'a key': key,
}

describe('blst and noble', () => {
  it('make the same keys and signatures, and verify each other', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: ORDER - 1n }), fc.uint8Array({ maxLength: 100 }), (value, text) => {
        const secret = bigIntToBytes(value, 32)
        const publicKey = fromHex(both((scheme) => scheme.publicKey(secret)) as string)
        const signed = fromHex(both((scheme) => scheme.sign(secret, text)) as string)
        expect([publicKey.length, signed.length]).toEqual([48, 96])
        expect(both((scheme) => scheme.verify(publicKey, text, signed))).toBe(true)
      }),
      { numRuns: 4 },
    )
  })

  it('aggregate alike, in any order', () => {
    const sum = both((scheme) => scheme.aggregate(signatures))
    expect(both((scheme) => scheme.aggregate(signatures.toReversed()))).toBe(sum)
    expect(both((scheme) => scheme.verifyAggregate(publicKeys, message, fromHex(sum as string)))).toBe(true)
    expect(both((scheme) => scheme.aggregate([signature]))).toBe(hexKey(signature))
  })

  it('sign the IETF ciphersuite: the tag is the proof-of-possession one', () => {
    // From the Ethereum consensus tests (bls/sign), which use this same ciphersuite.
    const secret = fromHex('263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3')
    expect(both((scheme) => scheme.sign(secret, new Uint8Array(32)))).toBe(
      'b6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6076334f91e2366c96e9ab279fb5158090352ea1c5b0c9274504f4f0e7053af24802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55',
    )
  })
})

describe('verify', () => {
  it('is given bad points that differ from good ones as meant', () => {
    const { x, y } = G1.fromBytes(key).toAffine()
    expect(compress([x], [y])).toEqual(key)
    const { x: u, y: v } = G2.fromBytes(signature).toAffine()
    expect(compress([u.c1, u.c0], [v.c1, v.c0])).toEqual(signature)
    expect(malleate(key)).not.toEqual(key)
    expect(() => G1.fromBytes(malleate(key))).toThrow('subgroup')
    expect(() => G2.fromBytes(malleate(signature))).toThrow('subgroup')
  })

  it('refuses another message, key or signature', () => {
    expect(both((scheme) => scheme.verify(key, message, signature))).toBe(true)
    expect(both((scheme) => scheme.verify(key, utf8('another'), signature))).toBe(false)
    expect(both((scheme) => scheme.verify(publicKeys[1]!, message, signature))).toBe(false)
    expect(both((scheme) => scheme.verify(key, message, signatures[1]!))).toBe(false)
    expect(both((scheme) => scheme.verify(key, message, G2.fromBytes(signature).negate().toBytes()))).toBe(false)
  })

  it.each(Object.entries(BAD_KEYS))('refuses a key that is %s', (_, bad) => {
    expect(both((scheme) => scheme.verify(bad, message, signature))).toBe(false)
    expect(both((scheme) => scheme.verifyAggregate([bad], message, signature))).toBe(false)
    expect(both((scheme) => scheme.verifyAggregate([key, bad], message, signature))).toBe(false)
  })

  it.each(Object.entries(BAD_SIGNATURES))('refuses a signature that is %s', (_, bad) => {
    expect(both((scheme) => scheme.verify(key, message, bad))).toBe(false)
    expect(both((scheme) => scheme.verifyAggregate([key], message, bad))).toBe(false)
    expect(both((scheme) => scheme.aggregate([bad]))).toBe('BLS_INVALID')
    expect(both((scheme) => scheme.aggregate([signature, bad]))).toBe('BLS_INVALID')
  })

  it('refuses the identity under the identity, whose pairing equation holds', () => {
    expect(both((scheme) => scheme.verify(identityKey, message, identitySignature))).toBe(false)
    const opposite = G1.fromBytes(key).negate().toBytes()
    expect(both((scheme) => scheme.verifyAggregate([key, opposite], message, identitySignature))).toBe(false)
  })

  it('answers alike to any flipped byte', () => {
    fc.assert(
      fc.property(fc.nat({ max: 143 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const [badKey, badSignature] = [key.slice(), signature.slice()]
        if (at < 48) badKey[at] = badKey[at]! ^ flip
        else badSignature[at - 48] = badSignature[at - 48]! ^ flip
        expect(both((scheme) => scheme.verify(badKey, message, badSignature))).toBe(false)
      }),
      { numRuns: 12 },
    )
  })
})

describe('batches', () => {
  const other = utf8('another message')
  const good = [
    { publicKeys: [key], message, signature },
    { publicKeys, message, signature: bls.aggregate(signatures) },
    { publicKeys: [key], message: other, signature: bls.sign(secrets[0]!, other) },
  ]

  it('hold when each of them does, and of nothing', () => {
    expect(both((scheme) => scheme.verifyBatch(good))).toBe(true)
    expect(both((scheme) => scheme.verifyBatch([]))).toBe(true)
  })

  it('do not hold with one that does not, wherever it stands', () => {
    for (const at of good.keys()) {
      const wrong = { ...good[at]!, message: utf8('a third') }
      expect(both((scheme) => scheme.verifyBatch(good.with(at, wrong)))).toBe(false)
    }
    expect(both((scheme) => scheme.verifyBatch([{ ...good[0]!, publicKeys: [] }]))).toBe(false)
  })

  it('do not hold with two that are wrong by opposite points, whose plain sum is right', () => {
    const shift = G2.fromBytes(signatures[1]!)
    const moved = (bytes: Uint8Array, by: typeof shift) => G2.fromBytes(bytes).add(by).toBytes()
    const [first, , third] = good
    const up = { ...first!, signature: moved(first!.signature, shift) }
    const down = { ...third!, signature: moved(third!.signature, shift.negate()) }
    expect(both((scheme) => scheme.verifyBatch([up, down]))).toBe(false)
  })

  it.each(Object.entries(BAD_SIGNATURES))('do not hold with a signature that is %s', (_, bad) => {
    expect(both((scheme) => scheme.verifyBatch([good[0]!, { ...good[0]!, signature: bad }]))).toBe(false)
  })
})

describe('aggregates', () => {
  const sum = bls.aggregate(signatures)

  it('need exactly the signers, each as often as it signed', () => {
    const check = (keys: readonly Uint8Array[], of = sum) => both((scheme) => scheme.verifyAggregate(keys, message, of))
    expect(check(publicKeys)).toBe(true)
    expect(check(publicKeys.slice(1))).toBe(false)
    expect(check([...publicKeys, key])).toBe(false)
    expect(check([...publicKeys, key], bls.aggregate([...signatures, signature]))).toBe(true)
    expect(check([])).toBe(false)
  })

  it('refuse the empty list and a sum that is the identity', () => {
    expect(both((scheme) => scheme.aggregate([]))).toBe('BLS_INVALID')
    const opposite = G2.fromBytes(signature).negate().toBytes()
    expect(both((scheme) => scheme.aggregate([signature, opposite]))).toBe('BLS_INVALID')
  })
})

describe('secret keys', () => {
  it.each([
    ['zero', new Uint8Array(32)],
    ['the order', bigIntToBytes(ORDER, 32)],
    ['above the order', new Uint8Array(32).fill(255)],
    ['31 bytes', new Uint8Array(31).fill(1)],
    ['33 bytes', new Uint8Array(33).fill(1)],
  ])('are refused: %s', (_, bad) => {
    expect(both((scheme) => scheme.publicKey(bad))).toBe('BLS_INVALID')
    expect(both((scheme) => scheme.sign(bad, message))).toBe('BLS_INVALID')
  })

  it('reach to the order less one', () => {
    expect(both((scheme) => scheme.publicKey(bigIntToBytes(ORDER - 1n, 32)))).toBe(hexKey(G1.BASE.negate().toBytes()))
  })
})
