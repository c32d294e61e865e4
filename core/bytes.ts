/** Byte strings, hex and fixed-width integers. Everything here copies nothing it does not have to. */
import { QuernError } from './errors.ts'

export type Hex = `0x${string}`
/** 32 bytes. */
export type Hash = Uint8Array
/** 20 bytes: the last 20 bytes of keccak256(uncompressed public key without prefix). */
export type Address = Uint8Array

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)
export const ZERO_HASH: Hash = new Uint8Array(32)
export const ZERO_ADDRESS: Address = new Uint8Array(20)

const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
/** Room for the digits of a hash. */
const digits = new Uint8Array(64)
const ascii = new TextDecoder()

/** Of at most 32 bytes. */
function shortHex(bytes: Uint8Array): string {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    digits[2 * i] = HEX_DIGITS[byte >> 4]!
    digits[2 * i + 1] = HEX_DIGITS[byte & 15]!
  }
  return ascii.decode(bytes.length === 32 ? digits : digits.subarray(0, 2 * bytes.length))
}

/**
 * Lower-case hex without prefix. Also the canonical `Map` key of a byte string: made whole, since a string put together
 * from pieces leaves an object behind for each of them.
 */
export function hexKey(bytes: Uint8Array): string {
  if (bytes.length <= 32) return shortHex(bytes)
  let out = ''
  for (let at = 0; at < bytes.length; at += 32) out += shortHex(bytes.subarray(at, at + 32))
  return out
}

const unit = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | (bytes[at + 1] ?? 0)

/**
 * A short string unique to some bytes, at most 65,535, for the hottest of `Map`s: their length, then two of them in each
 * UTF-16 code unit. A look-up costs a fifth of one by `hexKey`, and tells a reader nothing.
 */
export function bytesId(bytes: Uint8Array): string {
  if (bytes.length !== 32) {
    const units = [bytes.length]
    for (let at = 0; at < bytes.length; at += 2) units.push(unit(bytes, at))
    return String.fromCharCode(...units)
  }
  // Nearly all are hashes. Without an array in between it takes half the time.
  return String.fromCharCode(
    32,
    unit(bytes, 0),
    unit(bytes, 2),
    unit(bytes, 4),
    unit(bytes, 6),
    unit(bytes, 8),
    unit(bytes, 10),
    unit(bytes, 12),
    unit(bytes, 14),
    unit(bytes, 16),
    unit(bytes, 18),
    unit(bytes, 20),
    unit(bytes, 22),
    unit(bytes, 24),
    unit(bytes, 26),
    unit(bytes, 28),
    unit(bytes, 30),
  )
}

export const toHex = (bytes: Uint8Array): Hex => `0x${hexKey(bytes)}`

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/**
 * Parses hex with or without `0x`, either case, even length.
 * @throws QuernError `HEX_INVALID`
 */
export function fromHex(text: string): Uint8Array {
  const start = text.startsWith('0x') || text.startsWith('0X') ? 2 : 0
  if ((text.length - start) % 2 !== 0) throw new QuernError('HEX_INVALID', 'hex must have an even number of digits')
  const out = new Uint8Array((text.length - start) / 2)
  for (let i = 0; i < out.length; i++) {
    const high = nibble(text.charCodeAt(start + 2 * i))
    const low = nibble(text.charCodeAt(start + 2 * i + 1))
    if (high < 0 || low < 0) throw new QuernError('HEX_INVALID', `not a hex digit at position ${start + 2 * i}`)
    out[i] = (high << 4) | low
  }
  return out
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order, as unsigned bytes; a prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const encoder = new TextEncoder()
// ignoreBOM keeps a leading U+FEFF, so that decoding and encoding are inverse.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/**
 * Strict UTF-8: malformed sequences are refused, never replaced.
 * @throws QuernError `UTF8_INVALID`
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new QuernError('UTF8_INVALID', 'text is not valid UTF-8', {}, { cause })
  }
}

/** u32 big endian, as PROTOCOL 1 wants for n, a and t. */
export function u32be(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new QuernError('INTEGER_RANGE', 'integer does not fit 32 bits', { value })
  }
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/**
 * Writes a u64 big endian. Byte by byte: a `DataView`, like `subarray`, moves a small array out of the JavaScript heap, which
 * costs ten times what making it did.
 */
export function putU64(out: Uint8Array, at: number, value: number | bigint): void {
  // BigInt() of a fraction would throw an untyped error, and a number past 2^53 may already be a rounded one.
  if (typeof value === 'number' ? !Number.isSafeInteger(value) || value < 0 : value < 0n || value >> 64n !== 0n) {
    throw new QuernError('INTEGER_RANGE', 'integer does not fit 64 bits', { value })
  }
  const isSmall = typeof value === 'number'
  let high = isSmall ? Math.floor(value / 2 ** 32) : Number(value >> 32n)
  let low = isSmall ? value >>> 0 : Number(value & 0xffffffffn)
  for (let i = 3; i >= 0; i--) {
    out[at + i] = high
    out[at + 4 + i] = low
    high >>>= 8
    low >>>= 8
  }
}

/** u64 big endian, as PROTOCOL 1 wants for every other integer inside a hashed concatenation. */
export function u64be(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8)
  putU64(out, 0, value)
  return out
}

/**
 * u32 big endian.
 * @throws QuernError `BYTES_CUT_OFF`
 */
export function readU32(bytes: Uint8Array, at = 0): number {
  if (at + 4 > bytes.length) {
    throw new QuernError('BYTES_CUT_OFF', 'bytes end inside an integer', { at, length: bytes.length })
  }
  return bytes[at]! * 2 ** 24 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
}

/**
 * u64 big endian, exact up to 2^53.
 * @throws QuernError `BYTES_CUT_OFF`
 */
export const readU64 = (bytes: Uint8Array, at = 0): number => readU32(bytes, at) * 2 ** 32 + readU32(bytes, at + 4)

/** Big-endian unsigned integer of any length; empty is 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  // Six bytes at a time stay exact in a double, which is 2 to 3 times quicker than parsing hex at the sizes that occur.
  // Past 32 bytes the shifts, quadratic in length, lose to the hex parser.
  if (bytes.length > 32) return BigInt(toHex(bytes))
  let at = bytes.length % 6
  let digits = 0
  for (let i = 0; i < at; i++) digits = digits * 256 + bytes[i]!
  let value = BigInt(digits)
  while (at < bytes.length) {
    digits = 0
    for (const end = at + 6; at < end; at++) digits = digits * 256 + bytes[at]!
    value = (value << 48n) | BigInt(digits)
  }
  return value
}

/**
 * Big-endian, exactly `length` bytes.
 * @throws QuernError `INTEGER_RANGE`
 */
export function bigIntToBytes(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new QuernError('INTEGER_RANGE', `integer does not fit ${length} bytes`, { value })
  }
  if (length % 8 !== 0) return fromHex(value.toString(16).padStart(2 * length, '0'))
  // Hashes and signatures: eight bytes at a time is several times quicker than by way of hex.
  const out = new Uint8Array(length)
  for (let at = length - 8, rest = value; at >= 0; at -= 8, rest >>= 64n) putU64(out, at, BigInt.asUintN(64, rest))
  return out
}
