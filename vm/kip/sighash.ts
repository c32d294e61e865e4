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

const digest = (...parts: readonly Uint8Array[]): Hash => BLAKE2B.TransactionSigningHash(...parts)

const isNative = (subnetworkId: Uint8Array): boolean => subnetworkId.every((byte) => byte === 0)

function outputsHash(tx: KipTransaction, base: number, inputIndex: number): Hash {
  if (base === SIG_HASH.none) return ZERO_HASH
  if (base !== SIG_HASH.single) return digest(...tx.outputs.map((output) => encodeOutput(output, tx.version)))
  const own = tx.outputs[inputIndex]
  return own === undefined ? ZERO_HASH : digest(encodeOutput(own, tx.version))
}

/** @param type a byte for which `isSigHashType` holds; `utxo` is what the input spends */
export function schnorrSigHash(tx: KipTransaction, utxo: UtxoEntry, inputIndex: number, type: number): Hash {
  const input = tx.inputs[inputIndex]!
  const base = type & BASE_MASK
  const isOneInput = (type & SIG_HASH.anyoneCanPay) !== 0
  const ofInputs = (encode: (i: KipTransaction['inputs'][number]) => Uint8Array): Hash =>
    isOneInput ? ZERO_HASH : digest(...tx.inputs.map(encode))
  const isV0 = tx.version === 0
  return digest(
    concatBytes(
      u16le(tx.version),
      ofInputs(({ outpoint }) => encodeOutpoint(outpoint)),
      base === SIG_HASH.all ? ofInputs(({ sequence }) => u64le(sequence)) : ZERO_HASH,
      ...(isV0 ? [ofInputs(({ sigOpCount }) => u8(sigOpCount ?? 0))] : []),
      encodeOutpoint(input.outpoint),
      encodeSpk(utxo.spk),
      u64le(utxo.amount),
      u64le(input.sequence),
      ...(isV0 ? [u8(input.sigOpCount ?? 0)] : []),
      outputsHash(tx, base, inputIndex),
      u64le(tx.lockTime),
      tx.subnetworkId,
      u64le(tx.gas),
      isNative(tx.subnetworkId) && tx.payload.length === 0 ? ZERO_HASH : digest(withLength(tx.payload)),
      u8(type),
    ),
  )
}

export const ecdsaSigHash = (tx: KipTransaction, utxo: UtxoEntry, inputIndex: number, type: number): Hash =>
  SHA256_TAGGED.TransactionSigningHashECDSA(schnorrSigHash(tx, utxo, inputIndex, type))
