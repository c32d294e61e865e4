/**
 * One tile of C = A x B: 16 x 16 exact dot products of length n. The reference kernel, in plain TypeScript; every other
 * kernel (WASM, GPU) must give the same 256 integers. PROTOCOL 6.2.
 *
 * Two rows of A travel in one float64, low + high * 2^27, so that one multiply and one add do two multiply-accumulates.
 * Nothing is rounded: over CHUNK_COLUMNS terms each sum stays within 2^25 and the packed one within 2^53, where every
 * integer is a double. Each chunk is unpacked into int32, which holds |c| <= 2^14 * 8192 = 2^27.
 */
import { assert } from '../../core/errors.ts'
import type { TileKernel } from '../execution/types.ts'
import { drawRows, TILE_SIDE } from './matrix.ts'

/** 2^27: more than twice the largest sum of a chunk, so the low half never reaches into the high one. */
const LANE = 134_217_728
/** 2^14 * 2048 = 2^25 < LANE / 2, and (2^25 + 1) * 2^27 < 2^53. */
const CHUNK_COLUMNS = 2_048
const PACKED_ROWS = TILE_SIDE / 2

/** Packs 16 rows of A, `rows` being 16 x n, into 8 rows of n doubles: row p holds rows 2p (low) and 2p + 1 (high). */
export function packRows(rows: Int8Array, n: number, out: Float64Array): void {
  for (let p = 0; p < PACKED_ROWS; p++) {
    const low = 2 * p * n
    const high = low + n
    const to = p * n
    for (let k = 0; k < n; k++) out[to + k] = rows[low + k]! + rows[high + k]! * LANE
  }
}

/** Splits a packed sum and adds its halves to entries (row, column) and (row + 1, column) of the tile. */
function unpack(sum: number, tile: Int32Array, row: number, column: number): void {
  const high = Math.round(sum / LANE)
  const at = row * TILE_SIDE + column
  tile[at] = tile[at]! + (sum - high * LANE)
  tile[at + TILE_SIDE] = tile[at + TILE_SIDE]! + high
}

/**
 * The tile's 256 dot products, row-major, over `tile`.
 * @param packedA 8 x n doubles from `packRows`
 * @param columns at least `columnsAt + 16 n` doubles: 16 rows of B's transpose from `columnsAt` on
 */
export function multiplyTile(
  packedA: Float64Array,
  columns: Float64Array,
  columnsAt: number,
  n: number,
  tile: Int32Array,
): void {
  assert(packedA.length >= PACKED_ROWS * n && columns.length >= columnsAt + TILE_SIDE * n, 'operands too short', { n })
  assert(tile.length === TILE_SIDE * TILE_SIDE, 'a tile has 16 x 16 entries', { length: tile.length })
  tile.fill(0)
  for (let from = 0; from < n; from += CHUNK_COLUMNS) {
    const to = Math.min(n, from + CHUNK_COLUMNS)
    // Four packed rows by two columns: eight sums, a size that stays in registers.
    for (let p = 0; p < PACKED_ROWS; p += 4) {
      for (let j = 0; j < TILE_SIDE; j += 2) {
        let a0 = p * n + from
        let b0 = columnsAt + j * n + from
        let s00 = 0
        let s01 = 0
        let s10 = 0
        let s11 = 0
        let s20 = 0
        let s21 = 0
        let s30 = 0
        let s31 = 0
        for (let k = from; k < to; k++, a0++, b0++) {
          const y0 = columns[b0]!
          const y1 = columns[b0 + n]!
          const x0 = packedA[a0]!
          const x1 = packedA[a0 + n]!
          const x2 = packedA[a0 + 2 * n]!
          const x3 = packedA[a0 + 3 * n]!
          s00 += x0 * y0
          s01 += x0 * y1
          s10 += x1 * y0
          s11 += x1 * y1
          s20 += x2 * y0
          s21 += x2 * y1
          s30 += x3 * y0
          s31 += x3 * y1
        }
        unpack(s00, tile, 2 * p, j)
        unpack(s01, tile, 2 * p, j + 1)
        unpack(s10, tile, 2 * p + 2, j)
        unpack(s11, tile, 2 * p + 2, j + 1)
        unpack(s20, tile, 2 * p + 4, j)
        unpack(s21, tile, 2 * p + 4, j + 1)
        unpack(s30, tile, 2 * p + 6, j)
        unpack(s31, tile, 2 * p + 6, j + 1)
      }
    }
  }
}

/** The tile from 16 rows of A and 16 rows of B's transpose, each 16 x n int8. */
export function tileOfRows(rowsA: Int8Array, rowsB: Int8Array, n: number): Int32Array {
  const packed = new Float64Array(PACKED_ROWS * n)
  packRows(rowsA, n, packed)
  const tile = new Int32Array(TILE_SIDE * TILE_SIDE)
  multiplyTile(packed, Float64Array.from(rowsB), 0, n, tile)
  return tile
}

/** Draws 16 rows of A and of B's transpose and multiplies them: 256 n MACs whatever work lies behind the result. */
export const referenceKernel: TileKernel = {
  tile: (keyA, keyB, n, tileRow, tileColumn) =>
    tileOfRows(
      drawRows(keyA, n, tileRow * TILE_SIDE, TILE_SIDE),
      drawRows(keyB, n, tileColumn * TILE_SIDE, TILE_SIDE),
      n,
    ),
}
