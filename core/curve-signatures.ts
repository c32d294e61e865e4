/**
 * Signatures by known keys over secp256k1: BIP-340 Schnorr, and ECDSA with low s. libsecp256k1 checks more than 10,000 of
 * either a second on one core, noble about 1,000; the verdicts are the same on all bytes, well formed or not.
 *
 * The package that brings libsecp256k1 leaves its Schnorr out, but has what BIP-340 compares: s G - e P is the key P, times
 * -e, plus s G. Sources: BIP-340; SEC 1, 4.1.4.
 */
import { secp256k1 as noble, schnorr } from '@noble/curves/secp256k1.js'
import { bigIntToBytes, bytesToBigInt, concatBytes, equalBytes, type Hash, ZERO_HASH } from './bytes.ts'
import { libsecp256k1 } from './libsecp256k1.ts'

export interface CurveSignatures {
  /** Of 33 bytes. */
  isPoint(key: Uint8Array): boolean
  /** Of 64, 32 and 32 bytes; the key is an x coordinate, its y even. */
  schnorr(signature: Uint8Array, digest: Hash, key: Uint8Array): boolean
  /** Of 64, 32 and 33 bytes. */
  ecdsa(signature: Uint8Array, digest: Hash, key: Uint8Array): boolean
}

/** Of the group. */
export const { ORDER } = noble.Point.Fn
const SIGNATURE_BYTES = 64
const DIGEST_BYTES = 32
const X_BYTES = 32
const COMPRESSED_BYTES = 33
/** Before the x coordinate of a point whose y is even. */
const EVEN = Uint8Array.of(2)

/** Noble's: the reference. */
export const pureSignatures: CurveSignatures = {
  isPoint: (key) => noble.utils.isValidPublicKey(key, true),
  schnorr: (signature, digest, key) => schnorr.verify(signature, digest, key),
  ecdsa: (signature, digest, key) => {
    try {
      return noble.verify(signature, digest, key, { prehash: false, lowS: true })
    } catch {
      return false
    }
  },
}

function nativeSignatures(native: NonNullable<typeof libsecp256k1>): CurveSignatures {
  // One for all: arrays above 64 bytes live outside the JavaScript heap.
  const product = new Uint8Array(65)
  return {
    isPoint: (key) => native.publicKeyVerify(key),
    schnorr: (signature, digest, key) => {
      const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
      if (equalBytes(s, ZERO_HASH)) return false
      const e = bytesToBigInt(schnorr.utils.taggedHash('BIP0340/challenge', r, key, digest)) % ORDER
      // Nobody finds such a challenge.
      if (e === 0n) return pureSignatures.schnorr(signature, digest, key)
      try {
        native.publicKeyTweakMul(concatBytes(EVEN, key), bigIntToBytes(ORDER - e, 32), false, product)
        return equalBytes(native.publicKeyTweakAdd(product, s), concatBytes(EVEN, r))
      } catch {
        // The key is no point, s is not below the order, or the sum is the point at infinity.
        return false
      }
    },
    ecdsa: (signature, digest, key) => {
      try {
        return native.ecdsaVerify(signature, digest, key)
      } catch {
        return false
      }
    },
  }
}

/** The default. */
export const fastest: CurveSignatures = libsecp256k1 === undefined ? pureSignatures : nativeSignatures(libsecp256k1)

const areSized = (signature: Uint8Array, digest: Hash): boolean =>
  signature.length === SIGNATURE_BYTES && digest.length === DIGEST_BYTES

/** Whether these bytes are a point in compressed form. */
export const isCompressedPoint = (key: Uint8Array, by = fastest): boolean =>
  key.length === COMPRESSED_BYTES && by.isPoint(key)

/** Whether 32 bytes are the x coordinate of a point. */
export const isXCoordinate = (key: Uint8Array, by = fastest): boolean =>
  key.length === X_BYTES && by.isPoint(concatBytes(EVEN, key))

/** BIP-340 under an x-only key; false for whatever is malformed. A signature with s = 0, which nobody finds, is none. */
export const verifySchnorr = (signature: Uint8Array, digest: Hash, key: Uint8Array, by = fastest): boolean =>
  areSized(signature, digest) && key.length === X_BYTES && by.schnorr(signature, digest, key)

/** ECDSA as r || s, with s in the lower half, under a compressed key; false for whatever is malformed. */
export const verifyEcdsa = (signature: Uint8Array, digest: Hash, key: Uint8Array, by = fastest): boolean =>
  areSized(signature, digest) && key.length === COMPRESSED_BYTES && by.ecdsa(signature, digest, key)
