/** Script signatures: BIP-340 Schnorr under x-only keys, and ECDSA with low s under compressed keys. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToBigInt, type Hash } from '../../core/bytes.ts'
import { ScriptError } from './errors.ts'

const SIGNATURE_BYTES = 64
const SCHNORR_KEY_BYTES = 32
const ECDSA_KEY_BYTES = 33
const { ORDER } = secp256k1.Point.Fn

function checkLength(signature: Uint8Array): void {
  if (signature.length !== SIGNATURE_BYTES) {
    throw new ScriptError('INVALID_SIGNATURE', `a signature has ${SIGNATURE_BYTES} bytes, not ${signature.length}`)
  }
}

/** @throws ScriptError `INVALID_PUBKEY`, `INVALID_SIGNATURE` for what is no key and no signature at all */
export function verifySchnorr(signature: Uint8Array, digest: Hash, key: Uint8Array): boolean {
  if (key.length !== SCHNORR_KEY_BYTES || !isXCoordinate(key)) {
    throw new ScriptError('INVALID_PUBKEY', 'the key is no x coordinate of the curve')
  }
  checkLength(signature)
  return schnorr.verify(signature, digest, key)
}

function isXCoordinate(key: Uint8Array): boolean {
  try {
    schnorr.utils.lift_x(bytesToBigInt(key))
    return true
  } catch {
    return false
  }
}

/** @throws ScriptError `PUBKEY_FORMAT`, `INVALID_PUBKEY`, `INVALID_SIGNATURE` */
export function verifyEcdsa(signature: Uint8Array, digest: Hash, key: Uint8Array): boolean {
  if (key.length !== ECDSA_KEY_BYTES) {
    throw new ScriptError('PUBKEY_FORMAT', `an ECDSA key has ${ECDSA_KEY_BYTES} bytes, not ${key.length}`)
  }
  if (!secp256k1.utils.isValidPublicKey(key, true)) throw new ScriptError('INVALID_PUBKEY', 'the key is no point')
  checkLength(signature)
  const r = bytesToBigInt(signature.subarray(0, 32))
  const s = bytesToBigInt(signature.subarray(32))
  if (r >= ORDER || s >= ORDER) throw new ScriptError('INVALID_SIGNATURE', 'r and s stay below the order')
  if (r === 0n || s === 0n) return false
  return secp256k1.verify(signature, digest, key, { prehash: false, lowS: true })
}
