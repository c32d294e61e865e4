/**
 * Seven products for eight: Strassen's algorithm in Winograd's form, on families of tiles.
 *
 * At level L a family is the 2^L x 2^L tiles that lie n / 2^L rows and columns apart. Its rows of A fall into
 * 2^L x 2^L blocks of 16 x (n / 2^L), as do its columns of B, so the family's tiles are a small block matrix product, done
 * with 7^L panel products in place of 8^L. Everything is linear over the integers modulo 2^32, and the entries stay
 * within 4^L * 128 <= 2^13 for L <= MAX_LEVEL, so the result is exact to the bit.
 *
 *     S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21   S4 = A12 - S2
 *     T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12   T4 = T2 - B21
 *     P1 = A11 B11  P2 = A12 B21  P3 = S4 B22  P4 = A22 T4  P5 = S1 T1  P6 = S2 T2  P7 = S3 T3
 *     U2 = P1 + P6   U3 = U2 + P7
 *     C11 = P1 + P2   C12 = U2 + P5 + P3   C21 = U3 - P4   C22 = U3 + P5
 *
 * Expanded operands hold their seven factors one after the other, P1's first, each expanded for the level below. The
 * tiles of a family lie in quarters C11 C12 C21 C22, each of them in such quarters.
 *
 * Source: S. Winograd, "On multiplication of 2 x 2 matrices", Linear Algebra and its Applications 4 (1971).
 */
import { multiplyPanels, packPanel, panelBytes, TILE_BYTES } from './panel.ts'

export const MAX_LEVEL: u32 = 3

/** Bytes of one expanded operand whose panels have `columns` columns. */
export function expandedBytes(level: u32, columns: u32): u32 {
  let bytes = panelBytes(columns)
  for (; level > 0; level--) bytes *= 7
  return bytes
}

/** Bytes that `multiplyFamily` needs beside its answer. */
export function productBytes(level: u32): u32 {
  let bytes: u32 = 0
  for (; level > 0; level--) bytes += 7 * (TILE_BYTES << (2 * (level - 1)))
  return bytes
}

/** Factors of A: A11 in 0, A12 in 1, A22 in 3 and A21 in 6 are there; S4, S1, S2, S3 come into 2, 4, 5, 6. */
function combineA(out: usize, size: usize): void {
  for (const end = out + size; out < end; out += 16) {
    const a11 = v128.load(out)
    const a12 = v128.load(out + size)
    const a22 = v128.load(out + 3 * size)
    const a21 = v128.load(out + 6 * size)
    const s1 = i16x8.add(a21, a22)
    const s2 = i16x8.sub(s1, a11)
    v128.store(out + 2 * size, i16x8.sub(a12, s2))
    v128.store(out + 4 * size, s1)
    v128.store(out + 5 * size, s2)
    v128.store(out + 6 * size, i16x8.sub(a11, a21))
  }
}

/** Factors of B: B11 in 0, B21 in 1, B22 in 2 and B12 in 6 are there; T4, T1, T2, T3 come into 3, 4, 5, 6. */
function combineB(out: usize, size: usize): void {
  for (const end = out + size; out < end; out += 16) {
    const b11 = v128.load(out)
    const b21 = v128.load(out + size)
    const b22 = v128.load(out + 2 * size)
    const b12 = v128.load(out + 6 * size)
    const t1 = i16x8.sub(b12, b11)
    const t2 = i16x8.sub(b22, t1)
    v128.store(out + 3 * size, i16x8.sub(t2, b21))
    v128.store(out + 4 * size, t1)
    v128.store(out + 5 * size, t2)
    v128.store(out + 6 * size, i16x8.sub(b22, b12))
  }
}

/**
 * Expands a family's rows of A.
 * @param rows its first row; rows of one block are `stride` bytes apart, blocks of rows `blockStride`
 * @param columns of one panel: n / 2^L, whatever `level` this call is at
 */
export function expandA(level: u32, rows: usize, stride: usize, blockStride: usize, columns: u32, out: usize): void {
  if (level === 0) {
    packPanel(rows, stride, columns, out)
    return
  }
  const below = level - 1
  const size = <usize>expandedBytes(below, columns)
  const right = rows + <usize>(columns << below)
  const lower = blockStride << below
  expandA(below, rows, stride, blockStride, columns, out)
  expandA(below, right, stride, blockStride, columns, out + size)
  expandA(below, right + lower, stride, blockStride, columns, out + 3 * size)
  expandA(below, rows + lower, stride, blockStride, columns, out + 6 * size)
  combineA(out, size)
}

/** Expands a family's columns of B, which are rows of its transpose: what lies to the right there is below in B. */
export function expandB(level: u32, rows: usize, stride: usize, blockStride: usize, columns: u32, out: usize): void {
  if (level === 0) {
    packPanel(rows, stride, columns, out)
    return
  }
  const below = level - 1
  const size = <usize>expandedBytes(below, columns)
  const right = rows + <usize>(columns << below)
  const lower = blockStride << below
  expandB(below, rows, stride, blockStride, columns, out)
  expandB(below, right, stride, blockStride, columns, out + size)
  expandB(below, right + lower, stride, blockStride, columns, out + 2 * size)
  expandB(below, rows + lower, stride, blockStride, columns, out + 6 * size)
  combineB(out, size)
}

/** The seven products, each of `size` bytes, into the four quarters of `out`. */
function combineProducts(products: usize, size: usize, out: usize): void {
  for (const end = products + size; products < end; products += 16, out += 16) {
    const p1 = v128.load(products)
    const u2 = i32x4.add(p1, v128.load(products + 5 * size))
    const u3 = i32x4.add(u2, v128.load(products + 6 * size))
    const p5 = v128.load(products + 4 * size)
    v128.store(out, i32x4.add(p1, v128.load(products + size)))
    v128.store(out + size, i32x4.add(i32x4.add(u2, p5), v128.load(products + 2 * size)))
    v128.store(out + 2 * size, i32x4.sub(u3, v128.load(products + 3 * size)))
    v128.store(out + 3 * size, i32x4.add(u3, p5))
  }
}

/** The 4^level tiles of two expanded operands, over `tiles`. `scratch` has `productBytes(level)` bytes. */
export function multiplyFamily(level: u32, a: usize, b: usize, columns: u32, tiles: usize, scratch: usize): void {
  if (level === 0) {
    multiplyPanels(a, b, columns, tiles)
    return
  }
  const below = level - 1
  const operand = <usize>expandedBytes(below, columns)
  const size = <usize>(TILE_BYTES << (2 * below))
  const deeper = scratch + 7 * size
  for (let p: usize = 0; p < 7; p++) {
    multiplyFamily(below, a + p * operand, b + p * operand, columns, scratch + p * size, deeper)
  }
  combineProducts(scratch, size, tiles)
}

/** Rows of A (or columns of B) from the family's first tile to the one in quarter order `index`, in tiles of this level. */
export function familyRow(level: u32, index: u32): u32 {
  let row: u32 = 0
  for (let bit: u32 = 0; bit < level; bit++) row |= ((index >> (2 * bit + 1)) & 1) << bit
  return row
}

export function familyColumn(level: u32, index: u32): u32 {
  let column: u32 = 0
  for (let bit: u32 = 0; bit < level; bit++) column |= ((index >> (2 * bit)) & 1) << bit
  return column
}
