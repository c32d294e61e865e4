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
  const bytes: number[] = []
  let rest = value < 0n ? -value : value
  while (rest > 0n) {
    bytes.push(Number(rest & 0xffn))
    rest >>= 8n
  }
  // The top bit is the sign's.
  if ((bytes.at(-1) ?? 0) & 0x80) bytes.push(0)
  if (bytes.length > (size ?? MAX_NUMBER_BYTES)) {
    throw new ScriptError('NUMBER_TOO_LONG', `${value} takes more than ${size ?? MAX_NUMBER_BYTES} bytes`)
  }
  while (size !== undefined && bytes.length < size) bytes.push(0)
  if (value < 0n) bytes[bytes.length - 1]! |= 0x80
  return Uint8Array.from(bytes)
}

/** @throws ScriptError `NUMBER_TOO_BIG`: more than 8 bytes */
export function decodeNumber(bytes: Uint8Array): bigint {
  if (bytes.length > MAX_NUMBER_BYTES) {
    throw new ScriptError('NUMBER_TOO_BIG', `a number of ${bytes.length} bytes: at most ${MAX_NUMBER_BYTES} are read`)
  }
  if (bytes.length === 0) return 0n
  const last = bytes[bytes.length - 1]!
  let value = BigInt(last & 0x7f)
  for (let i = bytes.length - 2; i >= 0; i--) value = (value << 8n) + BigInt(bytes[i]!)
  return last & 0x80 ? -value : value
}

/** @throws ScriptError `NUMBER_TOO_BIG`: not within 32 bits */
export function decodeInt32(bytes: Uint8Array): number {
  const value = decodeNumber(bytes)
  if (value < MIN_I32 || value > MAX_I32) throw new ScriptError('NUMBER_TOO_BIG', `${value} does not fit into 32 bits`)
  return Number(value)
}

/** Zero, in whatever length and sign, is false. */
export const isTrue = (bytes: Uint8Array): boolean =>
  bytes.some((byte, i) => (i === bytes.length - 1 ? byte & 0x7f : byte) !== 0)
