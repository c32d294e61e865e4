/**
 * Packed panels, and the product of two of them: the inner loop of everything.
 *
 * A panel holds 16 rows (of A, or of B's transpose) as int16, two columns of all 16 rows in one cache line:
 *
 *     pair k:  r0[2k] r0[2k+1]  r1[2k] r1[2k+1]  ...  r15[2k] r15[2k+1]      64 bytes
 *
 * One `dot_i16x8_s` of a splatted pair of A with four pairs of B is eight multiply-accumulates, an outer product of one row
 * by four columns, two steps deep. It does not round or saturate: entries are at most 2^13 (see strassen.ts), so its
 * sums are at most 2^27, and later additions wrap modulo 2^32, where |c| <= 2^27 has one reading.
 */

/** Rows in a panel, and in a tile. */
export const SIDE: u32 = 16
export const PAIR_BYTES: u32 = 64
/** 16 x 16 int32. */
export const TILE_BYTES: u32 = 1024
/** Pairs multiplied at a time: 16 KiB of each operand, so that the eight blocks of a tile find them in a 32 KiB cache. */
const CHUNK_PAIRS: u32 = 256

export function panelBytes(columns: u32): u32 {
  return (columns / 2) * PAIR_BYTES
}

/** Four rows of a panel, 16 columns at a time. */
function packFourRows(rows: usize, stride: usize, columns: u32, out: usize): void {
  for (const end = rows + <usize>columns; rows < end; rows += 16, out += 8 * PAIR_BYTES) {
    const r0 = v128.load(rows)
    const r1 = v128.load(rows + stride)
    const r2 = v128.load(rows + 2 * stride)
    const r3 = v128.load(rows + 3 * stride)
    // A pair of int8 is moved as one 16-bit unit; widening comes last.
    const a0 = i8x16.shuffle(r0, r1, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
    const a1 = i8x16.shuffle(r0, r1, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
    const b0 = i8x16.shuffle(r2, r3, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
    const b1 = i8x16.shuffle(r2, r3, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
    const p01 = i8x16.shuffle(a0, b0, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
    const p23 = i8x16.shuffle(a0, b0, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
    const p45 = i8x16.shuffle(a1, b1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
    const p67 = i8x16.shuffle(a1, b1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
    v128.store(out, i16x8.extend_low_i8x16_s(p01))
    v128.store(out, i16x8.extend_high_i8x16_s(p01), 64)
    v128.store(out, i16x8.extend_low_i8x16_s(p23), 128)
    v128.store(out, i16x8.extend_high_i8x16_s(p23), 192)
    v128.store(out, i16x8.extend_low_i8x16_s(p45), 256)
    v128.store(out, i16x8.extend_high_i8x16_s(p45), 320)
    v128.store(out, i16x8.extend_low_i8x16_s(p67), 384)
    v128.store(out, i16x8.extend_high_i8x16_s(p67), 448)
  }
}

/** Packs `columns` (a multiple of 16) int8 of 16 rows that are `stride` bytes apart. */
export function packPanel(rows: usize, stride: usize, columns: u32, out: usize): void {
  for (let group: usize = 0; group < 4; group++) {
    packFourRows(rows + 4 * group * stride, stride, columns, out + 16 * group)
  }
}

/** Adds to 4 rows by 8 columns of a tile: eight sums, four splats and two loads fit the sixteen registers of SSE and AVX. */
function multiplyBlock(a: usize, b: usize, c: usize, pairs: u32): void {
  let c00 = v128.load(c)
  let c01 = v128.load(c, 16)
  let c10 = v128.load(c, 64)
  let c11 = v128.load(c, 80)
  let c20 = v128.load(c, 128)
  let c21 = v128.load(c, 144)
  let c30 = v128.load(c, 192)
  let c31 = v128.load(c, 208)
  for (const end = a + <usize>(pairs * PAIR_BYTES); a < end; a += PAIR_BYTES, b += PAIR_BYTES) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    const a0 = v128.load32_splat(a)
    c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a0, b0))
    c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a0, b1))
    const a1 = v128.load32_splat(a, 4)
    c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a1, b0))
    c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a1, b1))
    const a2 = v128.load32_splat(a, 8)
    c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a2, b0))
    c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a2, b1))
    const a3 = v128.load32_splat(a, 12)
    c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a3, b0))
    c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a3, b1))
  }
  v128.store(c, c00)
  v128.store(c, c01, 16)
  v128.store(c, c10, 64)
  v128.store(c, c11, 80)
  v128.store(c, c20, 128)
  v128.store(c, c21, 144)
  v128.store(c, c30, 192)
  v128.store(c, c31, 208)
}

/** The tile of two panels of `columns` columns, 16 x 16 int32 row-major, over `tile`. */
export function multiplyPanels(a: usize, b: usize, columns: u32, tile: usize): void {
  memory.fill(tile, 0, TILE_BYTES)
  const pairs = columns / 2
  for (let from: u32 = 0; from < pairs; from += CHUNK_PAIRS) {
    const count = min(CHUNK_PAIRS, pairs - from)
    const at = <usize>(from * PAIR_BYTES)
    for (let row: usize = 0; row < 4; row++) {
      multiplyBlock(a + at + 16 * row, b + at, tile + 256 * row, count)
      multiplyBlock(a + at + 16 * row, b + at + 32, tile + 256 * row + 32, count)
    }
  }
}
