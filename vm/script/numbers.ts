/**
 * Script numbers: little endian, sign in the top bit of the last byte, at most 8 bytes, in the range of a signed 64-bit
 * integer but for its least one. Reading takes any encoding; writing gives the shortest.
 */
import { EMPTY_BYTES } from '../../core/bytes.ts'
import { ScriptError } from './errors.ts'

export const MAX_NUMBER_BYTES = 8
const MAX_I64 = 2n ** 63n - 1n
const MIN_I64 = -(2n ** 63n)
const MAX_I32 = 2n ** 31n - 1n
const MIN_I32 = -(2n ** 31n)

const MAX_U64 = 2n ** 64n - 1n

/** A number on its way: a script may do two million of these in a block, so they are not put together byte by byte. */
const WORD_BYTES = new Uint8Array(MAX_NUMBER_BYTES)
const WORD = new DataView(WORD_BYTES.buffer)

export const TRUE: Uint8Array = Uint8Array.of(1)
export const FALSE: Uint8Array = EMPTY_BYTES

/** @throws ScriptError `NUMBER_TOO_BIG`: the result of an operation leaves 64 bits */
export function inRange(value: bigint): bigint {
  if (value < MIN_I64 || value > MAX_I64) throw new ScriptError('NUMBER_TOO_BIG', `${value} does not fit into 64 bits`)
  return value
}

/**
 * @param size exact number of bytes, zeros before the sign
 * @throws ScriptError `NUMBER_TOO_LONG`: more than `size` bytes, or than 8
 */
export function encodeNumber(value: bigint, size?: number): Uint8Array {
  const most = size ?? MAX_NUMBER_BYTES
  const magnitude = value < 0n ? -value : value
  const fits = magnitude <= MAX_U64
  WORD.setBigUint64(0, magnitude, true)
  let length = MAX_NUMBER_BYTES
  while (length > 0 && WORD_BYTES[length - 1] === 0) length--
  // The top bit is the sign's.
  if (length > 0 && WORD_BYTES[length - 1]! & 0x80) length++
  if (!fits || length > most) throw new ScriptError('NUMBER_TOO_LONG', `${value} takes more than ${most} bytes`)
  const bytes = new Uint8Array(size ?? length)
  bytes.set(WORD_BYTES.subarray(0, Math.min(length, MAX_NUMBER_BYTES)))
  if (value < 0n) bytes[bytes.length - 1]! |= 0x80
  return bytes
}

/** @throws ScriptError `NUMBER_TOO_BIG`: more than 8 bytes */
export function decodeNumber(bytes: Uint8Array): bigint {
  if (bytes.length > MAX_NUMBER_BYTES) {
    throw new ScriptError('NUMBER_TOO_BIG', `a number of ${bytes.length} bytes: at most ${MAX_NUMBER_BYTES} are read`)
  }
  if (bytes.length === 0) return 0n
  WORD_BYTES.fill(0)
  WORD_BYTES.set(bytes)
  const last = bytes.length - 1
  WORD_BYTES[last]! &= 0x7f
  const value = WORD.getBigUint64(0, true)
  return bytes[last]! & 0x80 ? -value : value
}

/** @throws ScriptError `NUMBER_TOO_BIG`: not within 32 bits */
export function decodeInt32(bytes: Uint8Array): number {
  const value = decodeNumber(bytes)
  if (value < MIN_I32 || value > MAX_I32) throw new ScriptError('NUMBER_TOO_BIG', `${value} does not fit into 32 bits`)
  return Number(value)
}

/** Zeros of this length are worth remembering. */
const LONG_ITEM = 64

/** Items are never changed. OpIfDup leaves what is false, so a script may ask about one of a megabyte a million times. */
const knownFalse = new WeakSet<Uint8Array>()

/** Zero, in whatever length and sign, is false. */
export function isTrue(bytes: Uint8Array): boolean {
  if (bytes.length < LONG_ITEM) return hasValue(bytes)
  if (knownFalse.has(bytes)) return false
  const found = hasValue(bytes)
  if (!found) knownFalse.add(bytes)
  return found
}

function hasValue(bytes: Uint8Array): boolean {
  const last = bytes.length - 1
  for (let i = 0; i < last; i++) if (bytes[i] !== 0) return true
  return last >= 0 && (bytes[last]! & 0x7f) !== 0
}
