/** Signed envelopes by the native library alone, for chains and runs that need thousands: the portable one takes several times as long. */
import secp256k1 from 'secp256k1'
import { bytesToBigInt } from '../../core/bytes.ts'
import { encodeEnvelope, signingHash } from '../../vm/transaction/envelope.ts'
import type { EnvelopeFields } from '../../vm/transaction/format.ts'

export function signQuickly(fields: EnvelopeFields, privateKey: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(signingHash(fields), privateKey)
  return encodeEnvelope(fields, {
    r: bytesToBigInt(signature.subarray(0, 32)),
    s: bytesToBigInt(signature.subarray(32)),
    yParity: recid === 1 ? 1 : 0,
  })
}
