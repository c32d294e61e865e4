/**
 * Validator signatures: BLS12-381, public keys in G1 (48 bytes), signatures in G2 (96 bytes), ciphersuite
 * BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature). Aggregation over one message is safe
 * because every key is registered with a proof of possession. blst is the backend; noble is the fallback.
 *
 * A key or signature has one spelling: the compressed one. Both libraries would also read the uncompressed form, and
 * they disagree on identities in an aggregate and on secret keys past the group order; `strict` settles all of that
 * before either is asked, so that a fallback node accepts exactly what a native one does.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToBigInt, hexKey } from './bytes.ts'
import { QuernError } from './errors.ts'

export const BLS_PUBLIC_KEY_BYTES = 48
export const BLS_SIGNATURE_BYTES = 96

/** One signature over one message by all of these keys. */
export interface SignatureCheck {
  readonly publicKeys: readonly Uint8Array[]
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface BlsScheme {
  /**
   * 48-byte public key of a 32-byte secret key.
   * @throws QuernError `BLS_INVALID` unless the secret key is in 1..order-1
   */
  publicKey(secretKey: Uint8Array): Uint8Array
  /** 96 bytes. @throws QuernError `BLS_INVALID` as `publicKey` */
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array
  /** False on any malformed input: points outside the subgroup and the identity included. Never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** @throws QuernError `BLS_INVALID` when a signature is malformed, the list is empty or the sum is the identity */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array
  /** One message, many keys. False on any malformed input. Never throws. */
  verifyAggregate(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean
  /**
   * Whether `verifyAggregate` holds of every one of them, but for a chance of 2^-64: one equation for all, each check times a
   * random factor, so that no two wrong ones cancel out. False on any malformed input. Never throws.
   */
  verifyBatch(checks: readonly SignatureCheck[]): boolean
}

/** A secret key made of 32 random bytes: below the group order, which begins with 0x73, whatever they are. */
export function blsSecretFrom(random: Uint8Array): Uint8Array {
  const secret = random.slice()
  secret[0] = secret[0]! & 0x3f
  return secret
}

const invalid = (cause?: unknown) => new QuernError('BLS_INVALID', 'malformed BLS signature or key', {}, { cause })

const DST = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'
const ORDER = bls12_381.fields.Fr.ORDER
/** Second bit of the first byte of a compressed point: "this is the identity". */
const IDENTITY_FLAG = 0x40

const isPoint = (bytes: Uint8Array, length: number) => bytes.length === length && (bytes[0]! & IDENTITY_FLAG) === 0
const isKey = (bytes: Uint8Array) => isPoint(bytes, BLS_PUBLIC_KEY_BYTES)
const isSignature = (bytes: Uint8Array) => isPoint(bytes, BLS_SIGNATURE_BYTES)

function checkSecretKey(secretKey: Uint8Array): void {
  const value = secretKey.length === 32 ? bytesToBigInt(secretKey) : 0n
  if (value === 0n || value >= ORDER) throw invalid()
}

/** Puts one rule for what is well-formed in front of a library; whatever it then throws is a refusal. */
function strict(backend: BlsScheme): BlsScheme {
  const verdict = (check: () => boolean): boolean => {
    try {
      return check()
    } catch {
      return false
    }
  }
  return {
    publicKey: (secretKey) => {
      checkSecretKey(secretKey)
      return backend.publicKey(secretKey)
    },
    sign: (secretKey, message) => {
      checkSecretKey(secretKey)
      return backend.sign(secretKey, message)
    },
    verify: (publicKey, message, signature) =>
      isKey(publicKey) && isSignature(signature) && verdict(() => backend.verify(publicKey, message, signature)),
    aggregate: (signatures) => {
      if (signatures.length === 0 || !signatures.every(isSignature)) throw invalid()
      let sum: Uint8Array
      try {
        sum = backend.aggregate(signatures)
      } catch (cause) {
        throw invalid(cause)
      }
      if (!isSignature(sum)) throw invalid()
      return sum
    },
    verifyAggregate: (publicKeys, message, signature) =>
      publicKeys.length > 0 &&
      publicKeys.every(isKey) &&
      isSignature(signature) &&
      verdict(() => backend.verifyAggregate(publicKeys, message, signature)),
    verifyBatch: (checks) =>
      checks.every(
        ({ publicKeys, signature }) => publicKeys.length > 0 && publicKeys.every(isKey) && isSignature(signature),
      ) && verdict(() => backend.verifyBatch(checks)),
  }
}

const { longSignatures } = bls12_381
const { Point: G1Point } = bls12_381.G1
const { Point: G2Point } = bls12_381.G2

/** noble: the reference, 25 to 30 times slower. Its `fromBytes` checks curve and subgroup. */
export const pureBls: BlsScheme = strict({
  publicKey: (secretKey) => longSignatures.getPublicKey(secretKey).toBytes(),
  sign: (secretKey, message) => longSignatures.sign(longSignatures.hash(message, DST), secretKey).toBytes(),
  verify: (publicKey, message, signature) =>
    longSignatures.verify(
      G2Point.fromBytes(signature),
      longSignatures.hash(message, DST),
      G1Point.fromBytes(publicKey),
    ),
  aggregate: (signatures) =>
    longSignatures.aggregateSignatures(signatures.map((bytes) => G2Point.fromBytes(bytes))).toBytes(),
  verifyAggregate: (publicKeys, message, signature) => {
    const sum = longSignatures.aggregatePublicKeys(publicKeys.map((bytes) => G1Point.fromBytes(bytes)))
    return longSignatures.verify(G2Point.fromBytes(signature), longSignatures.hash(message, DST), sum)
  },
  // One by one: the reference needs no speed, and no randomness.
  verifyBatch: (checks) =>
    checks.every(({ publicKeys, message, signature }) => pureBls.verifyAggregate(publicKeys, message, signature)),
})

/** Keys kept as points, for reading one checks its subgroup, some 40 us: the sets of ten epochs of 100 validators. */
const MAX_KNOWN_KEYS = 1_024

async function loadBlst(): Promise<BlsScheme> {
  try {
    const blst = await import('@chainsafe/blst')
    type Key = InstanceType<typeof blst.PublicKey>
    const known = new Map<string, Key>()
    const key = (bytes: Uint8Array): Key => {
      const id = hexKey(bytes)
      let point = known.get(id)
      if (point === undefined) {
        point = blst.PublicKey.fromBytes(bytes, true)
        if (known.size >= MAX_KNOWN_KEYS) known.clear()
        known.set(id, point)
      }
      return point
    }
    const point = (bytes: Uint8Array) => blst.Signature.fromBytes(bytes, true)
    return strict({
      publicKey: (secretKey) => blst.SecretKey.fromBytes(secretKey).toPublicKey().toBytes(),
      sign: (secretKey, message) => blst.SecretKey.fromBytes(secretKey).sign(message).toBytes(),
      verify: (publicKey, message, signature) => blst.verify(message, key(publicKey), point(signature)),
      aggregate: (signatures) => blst.aggregateSignatures(signatures.map(point)).toBytes(),
      verifyAggregate: (publicKeys, message, signature) =>
        blst.fastAggregateVerify(message, publicKeys.map(key), point(signature)),
      verifyBatch: (checks) =>
        checks.length === 0 ||
        blst.verifyMultipleAggregateSignatures(
          checks.map(({ publicKeys, message, signature }) => ({
            msg: message,
            pk: blst.aggregatePublicKeys(publicKeys.map(key)),
            sig: point(signature),
          })),
        ),
    })
  } catch {
    return pureBls
  }
}

/** The scheme the chain runs on. */
export const bls: BlsScheme = await loadBlst()
