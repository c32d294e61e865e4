/** Little-endian fields, as the KIPs hash them. */
import { concatBytes } from '../../core/bytes.ts'
import type { CovenantBinding, KipOutput, Outpoint, ScriptPublicKey } from './types.ts'

function littleEndian(value: bigint | number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
    let rest = BigInt(value)
    for (let i = 0; i < length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
    return bytes
  }
  // Nearly all are small, and a double is several times quicker than a bigint.
  let rest = Number(value)
  for (let i = 0; rest > 0 && i < length; i++) {
    bytes[i] = rest
    rest = Math.floor(rest / 256)
  }
  return bytes
}

export const u8 = (value: number): Uint8Array => Uint8Array.of(value)
export const u16le = (value: number): Uint8Array => littleEndian(value, 2)
export const u32le = (value: number): Uint8Array => littleEndian(value, 4)
export const u64le = (value: bigint | number): Uint8Array => littleEndian(value, 8)

/** Length as u64, then the bytes. */
export const withLength = (bytes: Uint8Array): Uint8Array => concatBytes(u64le(bytes.length), bytes)

export const encodeOutpoint = ({ txId, index }: Outpoint): Uint8Array => concatBytes(txId, u32le(index))

export const encodeSpk = ({ version, script }: ScriptPublicKey): Uint8Array =>
  concatBytes(u16le(version), withLength(script))

const encodeBinding = (binding: CovenantBinding | undefined): Uint8Array =>
  binding === undefined ? u8(0) : concatBytes(u8(1), u16le(binding.authorizingInput), binding.covenantId)

/** Bindings came with version 1 (KIP-20). */
export const encodeOutput = ({ value, spk, binding }: KipOutput, version: number): Uint8Array =>
  concatBytes(u64le(value), encodeSpk(spk), ...(version >= 1 ? [encodeBinding(binding)] : []))
