/** Script signatures: BIP-340 Schnorr under x-only keys, and ECDSA with low s under compressed keys. */
import { bytesToBigInt, type Hash } from '../../core/bytes.ts'
import * as curve from '../../core/curve-signatures.ts'
import { ScriptError } from './errors.ts'

const SIGNATURE_BYTES = 64
const ECDSA_KEY_BYTES = 33

function checkLength(signature: Uint8Array): void {
  if (signature.length !== SIGNATURE_BYTES) {
    throw new ScriptError('INVALID_SIGNATURE', `a signature has ${SIGNATURE_BYTES} bytes, not ${signature.length}`)
  }
}

/** @throws ScriptError `INVALID_PUBKEY`, `INVALID_SIGNATURE` for what is no key and no signature at all */
export function verifySchnorr(signature: Uint8Array, digest: Hash, key: Uint8Array, by = curve.fastest): boolean {
  if (!curve.isXCoordinate(key, by)) {
    throw new ScriptError('INVALID_PUBKEY', 'the key is no x coordinate of the curve')
  }
  checkLength(signature)
  return curve.verifySchnorr(signature, digest, key, by)
}

/** @throws ScriptError `PUBKEY_FORMAT`, `INVALID_PUBKEY`, `INVALID_SIGNATURE` */
export function verifyEcdsa(signature: Uint8Array, digest: Hash, key: Uint8Array, by = curve.fastest): boolean {
  if (key.length !== ECDSA_KEY_BYTES) {
    throw new ScriptError('PUBKEY_FORMAT', `an ECDSA key has ${ECDSA_KEY_BYTES} bytes, not ${key.length}`)
  }
  if (!curve.isCompressedPoint(key, by)) throw new ScriptError('INVALID_PUBKEY', 'the key is no point')
  checkLength(signature)
  const r = bytesToBigInt(signature.subarray(0, 32))
  const s = bytesToBigInt(signature.subarray(32))
  if (r >= curve.ORDER || s >= curve.ORDER) {
    throw new ScriptError('INVALID_SIGNATURE', 'r and s stay below the order')
  }
  return curve.verifyEcdsa(signature, digest, key, by)
}
