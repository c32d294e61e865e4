/**
 * What a script signature signs. Source: rusty-kaspa consensus/core/src/hashing/sighash.rs; BIP-143 is its ancestor.
 */
import { concatBytes, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { encodeOutpoint, encodeOutput, encodeSpk, u8, u16le, u64le, withLength } from './encode.ts'
import { BLAKE2B, SHA256_TAGGED } from './hashers.ts'
import type { KipTransaction, UtxoEntry } from './types.ts'

export const SIG_HASH = { all: 1, none: 2, single: 4, anyoneCanPay: 0x80 } as const

const BASE_MASK = 0x07

/** One of all, none and single, alone or with anyone-can-pay. */
export function isSigHashType(type: number): boolean {
  const base = type & ~SIG_HASH.anyoneCanPay
  return type <= 0xff && (base === SIG_HASH.all || base === SIG_HASH.none || base === SIG_HASH.single)
}

const digest = BLAKE2B.TransactionSigningHash

const isNative = (subnetworkId: Uint8Array): boolean => subnetworkId.every((byte) => byte === 0)

/**
 * Hashes of the parts of transactions by their names. A script may check hundreds of signatures, each of which covers a
 * payload and outputs of hundreds of kilobytes: those are hashed once. Transactions are never changed once made.
 */
const known = new WeakMap<KipTransaction, Map<string, Hash>>()

function partHash(tx: KipTransaction, name: string, encode: () => Uint8Array): Hash {
  const parts = known.get(tx) ?? new Map<string, Hash>()
  known.set(tx, parts)
  const hash = parts.get(name) ?? digest(encode())
  parts.set(name, hash)
  return hash
}

function outputsHash(tx: KipTransaction, base: number, inputIndex: number): Hash {
  if (base === SIG_HASH.none) return ZERO_HASH
  const encode = (output: KipTransaction['outputs'][number]) => encodeOutput(output, tx.version)
  if (base !== SIG_HASH.single) return partHash(tx, 'outputs', () => concatBytes(...tx.outputs.map(encode)))
  const own = tx.outputs[inputIndex]
  return own === undefined ? ZERO_HASH : partHash(tx, `output ${inputIndex}`, () => encode(own))
}

/** @param type a byte for which `isSigHashType` holds; `utxo` is what the input spends */
export function schnorrSigHash(tx: KipTransaction, utxo: UtxoEntry, inputIndex: number, type: number): Hash {
  const input = tx.inputs[inputIndex]!
  const base = type & BASE_MASK
  const isOneInput = (type & SIG_HASH.anyoneCanPay) !== 0
  const ofInputs = (name: string, encode: (i: KipTransaction['inputs'][number]) => Uint8Array): Hash =>
    isOneInput ? ZERO_HASH : partHash(tx, name, () => concatBytes(...tx.inputs.map(encode)))
  const isV0 = tx.version === 0
  return digest(
    concatBytes(
      u16le(tx.version),
      ofInputs('outpoints', ({ outpoint }) => encodeOutpoint(outpoint)),
      base === SIG_HASH.all ? ofInputs('sequences', ({ sequence }) => u64le(sequence)) : ZERO_HASH,
      ...(isV0 ? [ofInputs('sigOpCounts', ({ sigOpCount }) => u8(sigOpCount ?? 0))] : []),
      encodeOutpoint(input.outpoint),
      encodeSpk(utxo.spk),
      u64le(utxo.amount),
      u64le(input.sequence),
      ...(isV0 ? [u8(input.sigOpCount ?? 0)] : []),
      outputsHash(tx, base, inputIndex),
      u64le(tx.lockTime),
      tx.subnetworkId,
      u64le(tx.gas),
      isNative(tx.subnetworkId) && tx.payload.length === 0
        ? ZERO_HASH
        : partHash(tx, 'payload', () => withLength(tx.payload)),
      u8(type),
    ),
  )
}

/** What ECDSA signs in place of a Schnorr signature's hash. */
export const ecdsaSigHash = (schnorrHash: Hash): Hash => SHA256_TAGGED.TransactionSigningHashECDSA(schnorrHash)
