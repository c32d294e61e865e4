/**
 * Strict RLP, the only binary encoding of ours on wire and disk.
 *
 * Every value has exactly one encoding: canonical lengths, minimal integers, no trailing bytes. Depth, item count and
 * total size are bounded before anything is allocated. Source: Ethereum Yellow Paper, appendix B.
 */
import { bytesToBigInt, EMPTY_BYTES, fromHex } from './bytes.ts'
import { QuernError } from './errors.ts'

export type RlpItem = Uint8Array | readonly RlpItem[]

export interface RlpLimits {
  /** Whole input, in bytes. */
  readonly maxBytes: number
  /** Nesting of lists. Our deepest object, a block, needs 6. */
  readonly maxDepth: number
  /** Strings and lists together: an item costs at least one byte on the wire but far more in memory. */
  readonly maxItems: number
}

/** Blocks are at most 2 MiB (PROTOCOL 4.2); 4 MiB leaves room for the messages around one. */
export const DEFAULT_RLP_LIMITS: RlpLimits = { maxBytes: 4 << 20, maxDepth: 10, maxItems: 1 << 20 }

export type RlpErrorCode = 'RLP_INVALID' | 'RLP_LIMIT' | 'RLP_SHAPE'

const invalid = (why: string): QuernError<RlpErrorCode> => new QuernError('RLP_INVALID', `invalid RLP: ${why}`)
const wrongShape = (why: string): QuernError<RlpErrorCode> =>
  new QuernError('RLP_SHAPE', `unexpected RLP shape: ${why}`)

// ---------------------------------------------------------------------------------------------------- encoding

function lengthOfLength(length: number): number {
  if (length < 56) return 0
  if (length < 0x100) return 1
  if (length < 0x10000) return 2
  if (length < 0x1000000) return 3
  return 4
}

function payloadLength(item: RlpItem): number {
  if (item instanceof Uint8Array) return item.length
  let total = 0
  for (const child of item) total += encodedLength(child)
  return total
}

/** Bytes that `encodeRlp(item)` will take. */
export function encodedLength(item: RlpItem): number {
  if (item instanceof Uint8Array && item.length === 1 && item[0]! < 0x80) return 1
  const payload = payloadLength(item)
  return 1 + lengthOfLength(payload) + payload
}

function writeHeader(out: Uint8Array, offset: number, base: number, length: number): number {
  const extra = lengthOfLength(length)
  if (extra === 0) {
    out[offset] = base + length
    return offset + 1
  }
  out[offset] = base + 55 + extra
  for (let i = 0; i < extra; i++) out[offset + 1 + i] = length >>> (8 * (extra - 1 - i))
  return offset + 1 + extra
}

function write(out: Uint8Array, offset: number, item: RlpItem): number {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && item[0]! < 0x80) {
      out[offset] = item[0]!
      return offset + 1
    }
    const start = writeHeader(out, offset, 0x80, item.length)
    out.set(item, start)
    return start + item.length
  }
  let at = writeHeader(out, offset, 0xc0, payloadLength(item))
  for (const child of item) at = write(out, at, child)
  return at
}

export function encodeRlp(item: RlpItem): Uint8Array {
  const out = new Uint8Array(encodedLength(item))
  write(out, 0, item)
  return out
}

/**
 * `prefix`, then the encoding of a list without its last items, cut out of the encoding of the whole: nothing is encoded
 * twice.
 * @param encoded what `decodeRlp` read `list` from
 */
export function encodedWithoutLast(
  encoded: Uint8Array,
  list: readonly RlpItem[],
  count: number,
  prefix: Uint8Array = EMPTY_BYTES,
): Uint8Array {
  const first = encoded[0]!
  const start = first < 0xf8 ? 1 : first - 0xf7 + 1
  let length = encoded.length - start
  for (let i = list.length - count; i < list.length; i++) length -= encodedLength(list[i]!)
  const out = new Uint8Array(prefix.length + 1 + lengthOfLength(length) + length)
  out.set(prefix)
  out.set(encoded.subarray(start, start + length), writeHeader(out, prefix.length, 0xc0, length))
  return out
}

/**
 * Minimal big-endian bytes of a non-negative integer; 0 is the empty string.
 * @throws QuernError `INTEGER_RANGE` on a negative value, or a number that is not a safe integer
 */
export function encodeUint(value: number | bigint): Uint8Array {
  if (value < 0) throw new QuernError('INTEGER_RANGE', 'RLP integers are non-negative', { value })
  if (typeof value === 'bigint' && value > Number.MAX_SAFE_INTEGER) {
    const hex = value.toString(16)
    return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)
  }
  // Nearly every integer on the wire is small, and a double is several times quicker than a bigint.
  let rest = Number(value)
  if (!Number.isSafeInteger(rest)) throw new QuernError('INTEGER_RANGE', 'number is not a safe integer', { value })
  if (rest === 0) return EMPTY_BYTES
  let length = 1
  for (let bound = 256; rest >= bound; bound *= 256) length++
  const out = new Uint8Array(length)
  for (let i = length - 1; i >= 0; i--) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return out
}

// ---------------------------------------------------------------------------------------------------- decoding

interface Cursor {
  readonly bytes: Uint8Array
  readonly limits: RlpLimits
  items: number
  /** Where the item read last ends. */
  next: number
}

function readLength(cursor: Cursor, at: number, size: number, end: number): number {
  if (size > 4) throw new QuernError('RLP_LIMIT', 'RLP length does not fit 32 bits')
  if (at + size > end) throw invalid('length runs past the end')
  let length = 0
  for (let i = 0; i < size; i++) length = length * 256 + cursor.bytes[at + i]!
  if (cursor.bytes[at] === 0) throw invalid('length has a leading zero')
  if (length < 56) throw invalid('long form used for a short length')
  return length
}

/** Reads the item at `at`, and leaves in the cursor where it ends. `end` bounds the enclosing list. */
function read(cursor: Cursor, at: number, end: number, depth: number): RlpItem {
  if (++cursor.items > cursor.limits.maxItems) throw new QuernError('RLP_LIMIT', 'too many RLP items')
  if (at >= end) throw invalid('input ends inside an item')
  const first = cursor.bytes[at]!
  if (first < 0x80) {
    cursor.next = at + 1
    return cursor.bytes.subarray(at, at + 1)
  }

  const isList = first >= 0xc0
  const base = isList ? 0xc0 : 0x80
  const sizeOfLength = Math.max(0, first - base - 55)
  const length = sizeOfLength === 0 ? first - base : readLength(cursor, at + 1, sizeOfLength, end)
  const start = at + 1 + sizeOfLength
  const stop = start + length
  if (stop > end) throw invalid('item runs past the end')

  if (!isList) {
    if (length === 1 && cursor.bytes[start]! < 0x80) throw invalid('single byte below 0x80 has a prefix')
    cursor.next = stop
    return cursor.bytes.subarray(start, stop)
  }
  if (depth >= cursor.limits.maxDepth) throw new QuernError('RLP_LIMIT', 'RLP nested too deep')
  const children: RlpItem[] = []
  cursor.next = start
  while (cursor.next < stop) children.push(read(cursor, cursor.next, stop, depth + 1))
  return children
}

/**
 * Decodes exactly one item that fills the whole input. Strings are views into `bytes`.
 * @throws QuernError `RLP_INVALID` (not canonical), `RLP_LIMIT` (over a bound)
 */
export function decodeRlp(bytes: Uint8Array, limits: RlpLimits = DEFAULT_RLP_LIMITS): RlpItem {
  if (bytes.length > limits.maxBytes) throw new QuernError('RLP_LIMIT', 'RLP input too large', { bytes: bytes.length })
  const cursor: Cursor = { bytes, limits, items: 0, next: 0 }
  const item = read(cursor, 0, bytes.length, 0)
  if (cursor.next !== bytes.length) throw invalid('trailing bytes')
  return item
}

/** @throws QuernError `RLP_SHAPE` unless a list, of exactly `length` items where given */
export function rlpList(item: RlpItem | undefined, length?: number): readonly RlpItem[] {
  if (item === undefined || item instanceof Uint8Array) throw wrongShape('expected a list')
  if (length !== undefined && item.length !== length) throw wrongShape(`expected ${length} items, got ${item.length}`)
  return item
}

/** @throws QuernError `RLP_SHAPE` unless a string, of exactly `length` bytes where given */
export function rlpBytes(item: RlpItem | undefined, length?: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw wrongShape('expected a string')
  if (length !== undefined && item.length !== length) throw wrongShape(`expected ${length} bytes, got ${item.length}`)
  return item
}

/** @throws QuernError `RLP_SHAPE` if longer than `maxLength` bytes */
export function rlpBytesMax(item: RlpItem | undefined, maxLength: number): Uint8Array {
  const bytes = rlpBytes(item)
  if (bytes.length > maxLength) throw wrongShape(`expected at most ${maxLength} bytes, got ${bytes.length}`)
  return bytes
}

/**
 * A minimal unsigned integer of at most `bits` bits.
 * @throws QuernError `RLP_INVALID` on a leading zero, `RLP_SHAPE` if too wide
 */
export function rlpUint(item: RlpItem | undefined, bits = 256): bigint {
  const bytes = rlpBytes(item)
  if (bytes.length * 8 > bits + 7) throw wrongShape(`integer wider than ${bits} bits`)
  if (bytes[0] === 0) throw invalid('integer has a leading zero')
  const value = bytesToBigInt(bytes)
  if (bytes.length * 8 > bits && value >> BigInt(bits) !== 0n) throw wrongShape(`integer wider than ${bits} bits`)
  return value
}

/** A minimal unsigned integer below 2^53. @throws as `rlpUint` */
export function rlpNumber(item: RlpItem | undefined): number {
  const bytes = rlpBytes(item)
  if (bytes.length > 7) throw wrongShape('integer wider than 53 bits')
  if (bytes[0] === 0) throw invalid('integer has a leading zero')
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  if (value > Number.MAX_SAFE_INTEGER) throw wrongShape('integer wider than 53 bits')
  return value
}

/** 0 or 1. @throws as `rlpUint` */
export function rlpBoolean(item: RlpItem | undefined): boolean {
  return rlpUint(item, 1) === 1n
}
