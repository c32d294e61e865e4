/**
 * The ChaCha20 keystream with random access, from which synthetic matrices are drawn.
 *
 * Block function of RFC 8439, section 2.3, with a 64-bit block counter from 0 (words 12 and 13) and a zero nonce (words
 * 14 and 15): a matrix of 8192 rows takes 2^20 blocks, so in practice the counter's high word is 0. PROTOCOL 6.2.
 */
import type { Hash } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'

const BLOCK_BYTES = 64

// "expand 32-byte k"
const C0 = 0x61707865
const C1 = 0x3320646e
const C2 = 0x79622d32
const C3 = 0x6b206574

/** The key as eight little-endian words. */
function keyWords(key: Hash): Int32Array {
  assert(key.length === 32, 'a ChaCha20 key has 32 bytes', { length: key.length })
  const view = new DataView(key.buffer, key.byteOffset, 32)
  return Int32Array.from({ length: 8 }, (_, i) => view.getInt32(4 * i, true))
}

/**
 * Writes whole keystream blocks over `out` (a multiple of 64 bytes), the first one being block number `firstBlock`
 * (a safe integer).
 */
export function chachaBlocks(key: Hash, firstBlock: number, out: Uint8Array): void {
  assert(out.length % BLOCK_BYTES === 0, 'keystream output is not whole blocks', { length: out.length })
  const k = keyWords(key)
  const k0 = k[0]!
  const k1 = k[1]!
  const k2 = k[2]!
  const k3 = k[3]!
  const k4 = k[4]!
  const k5 = k[5]!
  const k6 = k[6]!
  const k7 = k[7]!
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  const blocks = out.length / BLOCK_BYTES
  for (let block = 0; block < blocks; block++) {
    const counter = firstBlock + block
    const low = counter | 0
    const high = Math.floor(counter / 0x1_0000_0000) | 0
    let x0 = C0
    let x1 = C1
    let x2 = C2
    let x3 = C3
    let x4 = k0
    let x5 = k1
    let x6 = k2
    let x7 = k3
    let x8 = k4
    let x9 = k5
    let x10 = k6
    let x11 = k7
    let x12 = low
    let x13 = high
    let x14 = 0
    let x15 = 0
    // Ten double rounds, written out: sixteen locals stay in registers where an array would not.
    for (let round = 0; round < 10; round++) {
      // Columns.
      x0 = (x0 + x4) | 0
      x12 ^= x0
      x12 = (x12 << 16) | (x12 >>> 16)
      x8 = (x8 + x12) | 0
      x4 ^= x8
      x4 = (x4 << 12) | (x4 >>> 20)
      x0 = (x0 + x4) | 0
      x12 ^= x0
      x12 = (x12 << 8) | (x12 >>> 24)
      x8 = (x8 + x12) | 0
      x4 ^= x8
      x4 = (x4 << 7) | (x4 >>> 25)

      x1 = (x1 + x5) | 0
      x13 ^= x1
      x13 = (x13 << 16) | (x13 >>> 16)
      x9 = (x9 + x13) | 0
      x5 ^= x9
      x5 = (x5 << 12) | (x5 >>> 20)
      x1 = (x1 + x5) | 0
      x13 ^= x1
      x13 = (x13 << 8) | (x13 >>> 24)
      x9 = (x9 + x13) | 0
      x5 ^= x9
      x5 = (x5 << 7) | (x5 >>> 25)

      x2 = (x2 + x6) | 0
      x14 ^= x2
      x14 = (x14 << 16) | (x14 >>> 16)
      x10 = (x10 + x14) | 0
      x6 ^= x10
      x6 = (x6 << 12) | (x6 >>> 20)
      x2 = (x2 + x6) | 0
      x14 ^= x2
      x14 = (x14 << 8) | (x14 >>> 24)
      x10 = (x10 + x14) | 0
      x6 ^= x10
      x6 = (x6 << 7) | (x6 >>> 25)

      x3 = (x3 + x7) | 0
      x15 ^= x3
      x15 = (x15 << 16) | (x15 >>> 16)
      x11 = (x11 + x15) | 0
      x7 ^= x11
      x7 = (x7 << 12) | (x7 >>> 20)
      x3 = (x3 + x7) | 0
      x15 ^= x3
      x15 = (x15 << 8) | (x15 >>> 24)
      x11 = (x11 + x15) | 0
      x7 ^= x11
      x7 = (x7 << 7) | (x7 >>> 25)

      // Diagonals.
      x0 = (x0 + x5) | 0
      x15 ^= x0
      x15 = (x15 << 16) | (x15 >>> 16)
      x10 = (x10 + x15) | 0
      x5 ^= x10
      x5 = (x5 << 12) | (x5 >>> 20)
      x0 = (x0 + x5) | 0
      x15 ^= x0
      x15 = (x15 << 8) | (x15 >>> 24)
      x10 = (x10 + x15) | 0
      x5 ^= x10
      x5 = (x5 << 7) | (x5 >>> 25)

      x1 = (x1 + x6) | 0
      x12 ^= x1
      x12 = (x12 << 16) | (x12 >>> 16)
      x11 = (x11 + x12) | 0
      x6 ^= x11
      x6 = (x6 << 12) | (x6 >>> 20)
      x1 = (x1 + x6) | 0
      x12 ^= x1
      x12 = (x12 << 8) | (x12 >>> 24)
      x11 = (x11 + x12) | 0
      x6 ^= x11
      x6 = (x6 << 7) | (x6 >>> 25)

      x2 = (x2 + x7) | 0
      x13 ^= x2
      x13 = (x13 << 16) | (x13 >>> 16)
      x8 = (x8 + x13) | 0
      x7 ^= x8
      x7 = (x7 << 12) | (x7 >>> 20)
      x2 = (x2 + x7) | 0
      x13 ^= x2
      x13 = (x13 << 8) | (x13 >>> 24)
      x8 = (x8 + x13) | 0
      x7 ^= x8
      x7 = (x7 << 7) | (x7 >>> 25)

      x3 = (x3 + x4) | 0
      x14 ^= x3
      x14 = (x14 << 16) | (x14 >>> 16)
      x9 = (x9 + x14) | 0
      x4 ^= x9
      x4 = (x4 << 12) | (x4 >>> 20)
      x3 = (x3 + x4) | 0
      x14 ^= x3
      x14 = (x14 << 8) | (x14 >>> 24)
      x9 = (x9 + x14) | 0
      x4 ^= x9
      x4 = (x4 << 7) | (x4 >>> 25)
    }
    const at = block * BLOCK_BYTES
    view.setInt32(at, x0 + C0, true)
    view.setInt32(at + 4, x1 + C1, true)
    view.setInt32(at + 8, x2 + C2, true)
    view.setInt32(at + 12, x3 + C3, true)
    view.setInt32(at + 16, x4 + k0, true)
    view.setInt32(at + 20, x5 + k1, true)
    view.setInt32(at + 24, x6 + k2, true)
    view.setInt32(at + 28, x7 + k3, true)
    view.setInt32(at + 32, x8 + k4, true)
    view.setInt32(at + 36, x9 + k5, true)
    view.setInt32(at + 40, x10 + k6, true)
    view.setInt32(at + 44, x11 + k7, true)
    view.setInt32(at + 48, x12 + low, true)
    view.setInt32(at + 52, x13 + high, true)
    view.setInt32(at + 56, x14, true)
    view.setInt32(at + 60, x15, true)
  }
}

/** Keystream bytes `offset`..`offset + length - 1`, whatever their alignment. */
export function chachaBytes(key: Hash, offset: number, length: number): Uint8Array {
  const firstBlock = Math.floor(offset / BLOCK_BYTES)
  const skip = offset - firstBlock * BLOCK_BYTES
  const buffer = new Uint8Array(Math.ceil((skip + length) / BLOCK_BYTES) * BLOCK_BYTES)
  chachaBlocks(key, firstBlock, buffer)
  return buffer.subarray(skip, skip + length)
}
