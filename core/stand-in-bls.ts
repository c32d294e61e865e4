/**
 * Signatures without curves, for simulations and tests only: they spare them the pairings. Unforgeable by construction: a
 * signature is a hash under the secret key, which only this table knows beside its owner. Aggregates are sums by XOR.
 */
import type { BlsScheme, SignatureCheck } from './bls.ts'
import { bytesId, concatBytes, equalBytes, utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'

const LABEL = utf8('stand-in public key')

/** 96 bytes whose first 32 are the tag. */
const signatureOf = (secretKey: Uint8Array, message: Uint8Array): Uint8Array => {
  const signature = new Uint8Array(96)
  signature.set(sha256(secretKey, message))
  return signature
}

function xor(signatures: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(96)
  for (const signature of signatures) for (let i = 0; i < 96; i++) sum[i]! ^= signature[i]!
  return sum
}

export function standInScheme(): BlsScheme {
  // Every node checks the same votes, so a run computes each signature once.
  const keys = new Map<string, { readonly secretKey: Uint8Array; readonly known: Map<string, Uint8Array> }>()
  const expected = (publicKey: Uint8Array, message: Uint8Array): Uint8Array | undefined => {
    const key = keys.get(bytesId(publicKey))
    if (key === undefined) return undefined
    const id = bytesId(message)
    const signature = key.known.get(id) ?? signatureOf(key.secretKey, message)
    key.known.set(id, signature)
    return signature
  }
  const verifyAggregate = ({ publicKeys, message, signature }: SignatureCheck): boolean => {
    const parts = publicKeys.map((publicKey) => expected(publicKey, message) ?? new Uint8Array(96).fill(1))
    return parts.length > 0 && equalBytes(xor(parts), signature)
  }
  return {
    publicKey: (secretKey) => {
      const publicKey = concatBytes(sha256(LABEL, secretKey), new Uint8Array(16))
      keys.set(bytesId(publicKey), { secretKey, known: new Map() })
      return publicKey
    },
    sign: signatureOf,
    verify: (publicKey, message, signature) => {
      const right = expected(publicKey, message)
      return right !== undefined && equalBytes(right, signature)
    },
    aggregate: xor,
    verifyAggregate: (publicKeys, message, signature) => verifyAggregate({ publicKeys, message, signature }),
    verifyBatch: (checks) => checks.every(verifyAggregate),
  }
}
