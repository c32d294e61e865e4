/**
 * Ids and hashes of transactions in the KIP form. An id leaves out what a signer adds: signature scripts, sig-op counts,
 * compute budgets and storage mass. From version 1 on it is made of two digests, so that a proof about a payload need not
 * show the rest.
 * Source: rusty-kaspa consensus/core/src/hashing/tx.rs.
 */
import { concatBytes, EMPTY_BYTES, type Hash } from '../../core/bytes.ts'
import { encodeOutpoint, encodeOutput, u8, u16le, u64le, withLength } from './encode.ts'
import { BLAKE2B, BLAKE3 } from './hashers.ts'
import type { KipInput, KipTransaction } from './types.ts'

interface Included {
  readonly signatures: boolean
  readonly payload: boolean
  readonly masses: boolean
}

function encodeInput(input: KipInput, version: number, { signatures, masses }: Included): Uint8Array {
  const parts = [encodeOutpoint(input.outpoint), withLength(signatures ? input.signatureScript : EMPTY_BYTES)]
  if (signatures && version === 0) parts.push(u8(input.sigOpCount ?? 0))
  parts.push(u64le(input.sequence))
  if (masses && version >= 1) parts.push(u16le(input.computeBudget ?? 0))
  return concatBytes(...parts)
}

function encode(tx: KipTransaction, included: Included): Uint8Array {
  const { version, inputs, outputs, payload, storageMass = 0n } = tx
  const parts = [
    u16le(version),
    u64le(inputs.length),
    ...inputs.map((input) => encodeInput(input, version, included)),
    u64le(outputs.length),
    ...outputs.map((output) => encodeOutput(output, version)),
    u64le(tx.lockTime),
    tx.subnetworkId,
    u64le(tx.gas),
    withLength(included.payload ? payload : EMPTY_BYTES),
  ]
  if (included.masses && (version >= 1 || storageMass > 0n)) parts.push(u64le(storageMass))
  return concatBytes(...parts)
}

export const payloadDigest = (payload: Uint8Array): Hash => BLAKE3.PayloadDigest(payload)

/** What an id binds beside the payload; a prover shows it to prove an id. */
export const restPreimage = (tx: KipTransaction): Uint8Array =>
  encode(tx, { signatures: false, payload: false, masses: false })

export function transactionId(tx: KipTransaction): Hash {
  if (tx.version === 0) return BLAKE2B.TransactionID(encode(tx, { signatures: false, payload: true, masses: false }))
  return BLAKE3.TransactionV1Id(payloadDigest(tx.payload), BLAKE3.TransactionRest(restPreimage(tx)))
}

export const transactionHash = (tx: KipTransaction): Hash =>
  BLAKE2B.TransactionHash(encode(tx, { signatures: true, payload: true, masses: true }))
