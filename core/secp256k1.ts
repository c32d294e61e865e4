/**
 * Account signatures: ECDSA over secp256k1, recoverable, low-S only. The native library recovers about 17,000 keys a
 * second on one core; noble gives identical answers where it cannot load.
 */
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import type { Address, Hash } from './bytes.ts'
import { bigIntToBytes, bytesToBigInt, concatBytes } from './bytes.ts'
import { assert, QuernError } from './errors.ts'
import { keccak256 } from './hash.ts'
import { libsecp256k1 } from './libsecp256k1.ts'

export interface Signature {
  readonly r: bigint
  readonly s: bigint
  readonly yParity: 0 | 1
}

const ORDER = noble.Point.Fn.ORDER
const HALF_ORDER = ORDER / 2n

/** Uncompressed public key, 65 bytes, good until the next call; throws when there is none. */
type Recover = (compact: Uint8Array, yParity: 0 | 1, hash: Hash) => Uint8Array

export const pureRecover: Recover = (compact, yParity, hash) => {
  const key = noble.recoverPublicKey(concatBytes(Uint8Array.of(yParity), compact), hash, { prehash: false })
  return noble.Point.fromBytes(key).toBytes(false)
}

function nativeRecover(native: NonNullable<typeof libsecp256k1>): Recover {
  // One for all: arrays above 64 bytes live outside the JavaScript heap and are dear to make and to collect.
  const key = new Uint8Array(65)
  return (compact, yParity, hash) => native.ecdsaRecover(compact, yParity, hash, false, key)
}

const recoverKey = libsecp256k1 === undefined ? pureRecover : nativeRecover(libsecp256k1)

/** 20-byte address of a 65-byte uncompressed public key. */
export const publicKeyToAddress = (uncompressed: Uint8Array): Address => keccak256(uncompressed.subarray(1)).slice(12)

function checkPrivateKey(privateKey: Uint8Array): void {
  if (!noble.utils.isValidSecretKey(privateKey)) {
    throw new QuernError('KEY_INVALID', 'private key must be 32 bytes, between 1 and the group order')
  }
}

/** @throws QuernError `KEY_INVALID` unless 32 bytes in 1..n-1 */
export function privateKeyToAddress(privateKey: Uint8Array): Address {
  checkPrivateKey(privateKey)
  return publicKeyToAddress(noble.getPublicKey(privateKey, false))
}

/**
 * RFC 6979 deterministic, low-S. `hash` is the 32-byte digest itself.
 * @throws QuernError `KEY_INVALID` as `privateKeyToAddress`
 */
export function signHash(hash: Hash, privateKey: Uint8Array): Signature {
  checkPrivateKey(privateKey)
  assert(hash.length === 32, 'a digest to sign is 32 bytes', { bytes: hash.length })
  const bytes = noble.sign(hash, privateKey, { prehash: false, format: 'recovered', lowS: true })
  return {
    yParity: (bytes[0]! & 1) as 0 | 1,
    r: bytesToBigInt(bytes.subarray(1, 33)),
    s: bytesToBigInt(bytes.subarray(33, 65)),
  }
}

/** r in 1..n-1 and s in 1..n/2 (EIP-2: the other s of a signature would make the transaction hash malleable). */
export const isSignatureInRange = ({ r, s }: Signature): boolean => r > 0n && r < ORDER && s > 0n && s <= HALF_ORDER

/**
 * The address that signed `hash`. High-S is refused here, because both backends would accept it and the transaction
 * hash would then be malleable (EIP-2).
 * @throws QuernError `SIGNATURE_INVALID`
 */
export function recoverAddress(hash: Hash, signature: Signature, recover: Recover = recoverKey): Address {
  const { r, s, yParity } = signature
  // Recovery ids 2 and 3 would stand for r + n, which Ethereum's signatures cannot say.
  if (!isSignatureInRange(signature) || (yParity !== 0 && yParity !== 1)) {
    throw new QuernError('SIGNATURE_INVALID', 'signature out of range (r in 1..n-1, s in 1..n/2, yParity 0 or 1)')
  }
  // noble would cut a longer digest short where the native library refuses it.
  if (hash.length !== 32) throw new QuernError('SIGNATURE_INVALID', 'the signed digest must be 32 bytes')
  try {
    return publicKeyToAddress(recover(concatBytes(bigIntToBytes(r, 32), bigIntToBytes(s, 32)), yParity, hash))
  } catch (cause) {
    throw new QuernError('SIGNATURE_INVALID', 'no public key fits this signature', {}, { cause })
  }
}
