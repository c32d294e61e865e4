/**
 * The matrices of one attempt: n x n int8, row-major, full range, drawn from two ChaCha20 keystreams. B is drawn
 * transposed, so a column of B is contiguous like a row of A. Rows are drawn on demand: a verifier of one tile needs
 * 32 of the 2n. PROTOCOL 6.2.
 */
import { type Hash, u32be } from '../../core/bytes.ts'
import { domainHash } from '../../core/hash.ts'
import { chachaBytes } from './chacha.ts'

/** Rows, and columns, of C in one tile. */
export const TILE_SIDE = 16

export interface MatrixKeys {
  readonly keyA: Hash
  /** Key of B's transpose. */
  readonly keyB: Hash
}

export const matrixKeys = (seed: Hash, n: number, attempt: number): MatrixKeys => ({
  keyA: domainHash('matrixA', seed, u32be(n), u32be(attempt)),
  keyB: domainHash('matrixB', seed, u32be(n), u32be(attempt)),
})

/** Rows `firstRow`..`firstRow + count - 1` of A under `keyA`, or of B's transpose (columns of B) under `keyB`. */
export function drawRows(key: Hash, n: number, firstRow: number, count: number): Int8Array {
  const bytes = chachaBytes(key, firstRow * n, count * n)
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
