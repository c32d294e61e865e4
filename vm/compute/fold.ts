/** Sixteen words that depend on every entry of a tile. PROTOCOL 6.2. */
import { assert } from '../../core/errors.ts'
import { TILE_SIDE } from './matrix.ts'

export const FOLD_WORDS = 16

/**
 * For each entry c[i][j], in rows: f[j] = rotl(f[j], 13) XOR c[i][j]. Rotate-and-XOR is not linear over integer
 * addition, so no shortcut through sums of rows or columns gives the fold without the entries.
 * @param tile 16 x 16 int32, row-major
 */
export function foldTile(tile: Int32Array): Uint32Array {
  assert(tile.length === TILE_SIDE * TILE_SIDE, 'a tile has 16 x 16 entries', { length: tile.length })
  const folded = new Uint32Array(FOLD_WORDS)
  for (let at = 0; at < tile.length; at++) {
    const j = at & 15
    const word = folded[j]!
    folded[j] = ((word << 13) | (word >>> 19)) ^ tile[at]!
  }
  return folded
}
