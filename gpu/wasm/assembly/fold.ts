/** Sixteen words that depend on every entry of a tile: f[j] = rotl(f[j], 13) XOR c[i][j], rows downwards. PROTOCOL 6.2. */

export const FOLD_BYTES: u32 = 64

function step(folded: v128, entries: v128): v128 {
  return v128.xor(v128.or(i32x4.shl(folded, 13), i32x4.shr_u(folded, 19)), entries)
}

export function foldTile(tile: usize, out: usize): void {
  let f0 = i32x4.splat(0)
  let f1 = f0
  let f2 = f0
  let f3 = f0
  for (const end = tile + 1024; tile < end; tile += 64) {
    f0 = step(f0, v128.load(tile))
    f1 = step(f1, v128.load(tile, 16))
    f2 = step(f2, v128.load(tile, 32))
    f3 = step(f3, v128.load(tile, 48))
  }
  v128.store(out, f0)
  v128.store(out, f1, 16)
  v128.store(out, f2, 32)
  v128.store(out, f3, 48)
}
