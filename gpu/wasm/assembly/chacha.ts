/**
 * The ChaCha20 keystream of PROTOCOL 6.2 (RFC 8439, section 2.3; 64-bit block counter, zero nonce), four blocks at once:
 * lane l of every vector belongs to block l. A draw begins at a multiple of four blocks and never needs the counter's
 * high word, because a matrix of 8192 rows has 2^20 blocks.
 */

/** Bytes of four blocks. */
const STEP_BYTES: u32 = 256

function rotl16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
}

function rotl8(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)
}

function rotl(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits))
}

function splatWord(key: usize, word: usize): v128 {
  return v128.load32_splat(key + 4 * word)
}

/** Adds the input word and writes word group `at` / 16 of the four blocks: 16 bytes of each. */
function storeTransposed(out: usize, at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const ab1 = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  const cd0 = i8x16.shuffle(c, d, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const cd1 = i8x16.shuffle(c, d, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  v128.store(out + at, i8x16.shuffle(ab0, cd0, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23))
  v128.store(out + at + 64, i8x16.shuffle(ab0, cd0, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
  v128.store(out + at + 128, i8x16.shuffle(ab1, cd1, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23))
  v128.store(out + at + 192, i8x16.shuffle(ab1, cd1, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
}

/**
 * Writes keystream bytes `offset`..`offset + length - 1` under the 32-byte key to `out`.
 * @param offset multiple of 256, as are the starts of 16 rows at every n
 * @param length multiple of 256
 */
export function draw(key: usize, offset: u32, length: u32, out: usize): void {
  // "expand 32-byte k"
  const c0 = i32x4.splat(0x61707865)
  const c1 = i32x4.splat(0x3320646e)
  const c2 = i32x4.splat(0x79622d32)
  const c3 = i32x4.splat(0x6b206574)
  const zero = i32x4.splat(0)
  let counter = i32x4.add(i32x4.splat(offset / 64), i32x4(0, 1, 2, 3))
  for (const end = out + <usize>length; out < end; out += STEP_BYTES) {
    let x0 = c0
    let x1 = c1
    let x2 = c2
    let x3 = c3
    let x4 = splatWord(key, 0)
    let x5 = splatWord(key, 1)
    let x6 = splatWord(key, 2)
    let x7 = splatWord(key, 3)
    let x8 = splatWord(key, 4)
    let x9 = splatWord(key, 5)
    let x10 = splatWord(key, 6)
    let x11 = splatWord(key, 7)
    let x12 = counter
    let x13 = zero
    let x14 = zero
    let x15 = zero
    for (let round = 0; round < 10; round++) {
      // Columns: four quarter rounds side by side, so that each hides the others' latency.
      x0 = i32x4.add(x0, x4)
      x1 = i32x4.add(x1, x5)
      x2 = i32x4.add(x2, x6)
      x3 = i32x4.add(x3, x7)
      x12 = rotl16(v128.xor(x12, x0))
      x13 = rotl16(v128.xor(x13, x1))
      x14 = rotl16(v128.xor(x14, x2))
      x15 = rotl16(v128.xor(x15, x3))
      x8 = i32x4.add(x8, x12)
      x9 = i32x4.add(x9, x13)
      x10 = i32x4.add(x10, x14)
      x11 = i32x4.add(x11, x15)
      x4 = rotl(v128.xor(x4, x8), 12)
      x5 = rotl(v128.xor(x5, x9), 12)
      x6 = rotl(v128.xor(x6, x10), 12)
      x7 = rotl(v128.xor(x7, x11), 12)
      x0 = i32x4.add(x0, x4)
      x1 = i32x4.add(x1, x5)
      x2 = i32x4.add(x2, x6)
      x3 = i32x4.add(x3, x7)
      x12 = rotl8(v128.xor(x12, x0))
      x13 = rotl8(v128.xor(x13, x1))
      x14 = rotl8(v128.xor(x14, x2))
      x15 = rotl8(v128.xor(x15, x3))
      x8 = i32x4.add(x8, x12)
      x9 = i32x4.add(x9, x13)
      x10 = i32x4.add(x10, x14)
      x11 = i32x4.add(x11, x15)
      x4 = rotl(v128.xor(x4, x8), 7)
      x5 = rotl(v128.xor(x5, x9), 7)
      x6 = rotl(v128.xor(x6, x10), 7)
      x7 = rotl(v128.xor(x7, x11), 7)

      // Diagonals.
      x0 = i32x4.add(x0, x5)
      x1 = i32x4.add(x1, x6)
      x2 = i32x4.add(x2, x7)
      x3 = i32x4.add(x3, x4)
      x15 = rotl16(v128.xor(x15, x0))
      x12 = rotl16(v128.xor(x12, x1))
      x13 = rotl16(v128.xor(x13, x2))
      x14 = rotl16(v128.xor(x14, x3))
      x10 = i32x4.add(x10, x15)
      x11 = i32x4.add(x11, x12)
      x8 = i32x4.add(x8, x13)
      x9 = i32x4.add(x9, x14)
      x5 = rotl(v128.xor(x5, x10), 12)
      x6 = rotl(v128.xor(x6, x11), 12)
      x7 = rotl(v128.xor(x7, x8), 12)
      x4 = rotl(v128.xor(x4, x9), 12)
      x0 = i32x4.add(x0, x5)
      x1 = i32x4.add(x1, x6)
      x2 = i32x4.add(x2, x7)
      x3 = i32x4.add(x3, x4)
      x15 = rotl8(v128.xor(x15, x0))
      x12 = rotl8(v128.xor(x12, x1))
      x13 = rotl8(v128.xor(x13, x2))
      x14 = rotl8(v128.xor(x14, x3))
      x10 = i32x4.add(x10, x15)
      x11 = i32x4.add(x11, x12)
      x8 = i32x4.add(x8, x13)
      x9 = i32x4.add(x9, x14)
      x5 = rotl(v128.xor(x5, x10), 7)
      x6 = rotl(v128.xor(x6, x11), 7)
      x7 = rotl(v128.xor(x7, x8), 7)
      x4 = rotl(v128.xor(x4, x9), 7)
    }
    x0 = i32x4.add(x0, c0)
    x1 = i32x4.add(x1, c1)
    x2 = i32x4.add(x2, c2)
    x3 = i32x4.add(x3, c3)
    storeTransposed(out, 0, x0, x1, x2, x3)
    x4 = i32x4.add(x4, splatWord(key, 0))
    x5 = i32x4.add(x5, splatWord(key, 1))
    x6 = i32x4.add(x6, splatWord(key, 2))
    x7 = i32x4.add(x7, splatWord(key, 3))
    storeTransposed(out, 16, x4, x5, x6, x7)
    x8 = i32x4.add(x8, splatWord(key, 4))
    x9 = i32x4.add(x9, splatWord(key, 5))
    x10 = i32x4.add(x10, splatWord(key, 6))
    x11 = i32x4.add(x11, splatWord(key, 7))
    storeTransposed(out, 32, x8, x9, x10, x11)
    x12 = i32x4.add(x12, counter)
    storeTransposed(out, 48, x12, x13, x14, x15)
    counter = i32x4.add(counter, i32x4.splat(4))
  }
}
