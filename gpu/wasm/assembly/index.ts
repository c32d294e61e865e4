/**
 * The tile lottery of PROTOCOL 6.2 in one WebAssembly module: drawing, multiplying, folding, hashing, comparing.
 *
 * `play` is one thread's part of an attempt. The threads draw B together into shared memory, slice by slice; then each takes
 * groups of tile families (see strassen.ts) by an atomic counter, draws and expands their rows of A into its own
 * region, and goes through B column by column, expanding each family of columns once per group. Winners are stored in
 * shared memory; nothing else leaves. `tile` recomputes one tile for a verifier, `product` multiplies given rows.
 *
 * A region, private to a thread: hasher | queue of tiles to hash | rows of A | tiles | products | expanded B | expanded A.
 */
import { draw } from './chacha.ts'
import { foldTile } from './fold.ts'
import { ABORT, GROUPS_TAKEN, KEY_A, KEY_B, PREFIX, SLICES_DRAWN, SLICES_TAKEN, TARGET, WINS } from './job.ts'
import { multiplyPanels, SIDE, TILE_BYTES } from './panel.ts'
import {
  expandA,
  expandB,
  expandedBytes,
  familyColumn,
  familyRow,
  MAX_LEVEL,
  multiplyFamily,
  productBytes,
} from './strassen.ts'
import {
  beginAttempt,
  ENTRY_BYTES,
  HASHER_BYTES,
  hashEntries,
  LANES,
  laneWins,
  storeWin,
  ticketWords,
  WIN_BYTES,
} from './ticket.ts'

export { MAX_LEVEL, WIN_BYTES }

/** Bytes of B drawn at a time: some 10 us, so that threads share even the smallest matrix. */
const SLICE_BYTES: u32 = 16384
/** How long a thread sleeps before it looks for an abort again, in ns. */
const WAIT_NS: i64 = 10_000_000

/** Families along one side of the product. */
function familySide(n: u32, level: u32): u32 {
  return (n / SIDE) >> level
}

/** Bytes of a thread's region for groups of `group` families. */
export function regionBytes(n: u32, level: u32, group: u32): u32 {
  const rows = (SIDE << level) * n
  const tiles = TILE_BYTES << (2 * level)
  const expanded = expandedBytes(level, n >> level)
  return HASHER_BYTES + LANES * ENTRY_BYTES + rows + tiles + productBytes(level) + (1 + group) * expanded
}

/** This thread's region and job; a module instance belongs to one thread. */
let hasher: usize = 0
let queue: usize = 0
let queued: u32 = 0
let rows: usize = 0
let tiles: usize = 0
let products: usize = 0
let expandedColumns: usize = 0
let expandedRows: usize = 0
let winList: usize = 0

function layOut(n: u32, level: u32, region: usize): void {
  hasher = region
  queue = hasher + HASHER_BYTES
  rows = queue + LANES * ENTRY_BYTES
  tiles = rows + (SIDE << level) * n
  products = tiles + (TILE_BYTES << (2 * level))
  expandedColumns = products + productBytes(level)
  expandedRows = expandedColumns + expandedBytes(level, n >> level)
  queued = 0
}

function aborted(): bool {
  return atomic.load<i32>(ABORT) !== 0
}

/** Draws slices of B until none is left. @returns false once aborted */
function drawColumns(bytes: u32, columns: usize): bool {
  const slices = bytes / SLICE_BYTES
  while (true) {
    if (aborted()) return false
    const slice = atomic.add<u32>(SLICES_TAKEN, 1)
    if (slice >= slices) return true
    draw(KEY_B, slice * SLICE_BYTES, SLICE_BYTES, columns + slice * SLICE_BYTES)
    if (atomic.add<u32>(SLICES_DRAWN, 1) + 1 === slices) atomic.notify(SLICES_DRAWN, -1)
  }
}

/** Waits until other threads have drawn their last slices. @returns false once aborted */
function awaitColumns(bytes: u32): bool {
  const slices = bytes / SLICE_BYTES
  while (true) {
    const drawn = atomic.load<u32>(SLICES_DRAWN)
    if (drawn === slices) return true
    if (aborted()) return false
    atomic.wait<i32>(SLICES_DRAWN, drawn, WAIT_NS)
  }
}

/** Draws and expands a group's rows of A. */
function takeRows(n: u32, level: u32, first: u32, count: u32): void {
  const apart = n >> level
  const blockBytes = SIDE * n
  for (let family: u32 = 0; family < count; family++) {
    for (let block: u32 = 0; block < (<u32>1) << level; block++) {
      draw(KEY_A, ((first + family) * SIDE + block * apart) * n, blockBytes, rows + block * blockBytes)
    }
    expandA(level, rows, n, blockBytes, apart, expandedRows + family * expandedBytes(level, apart))
  }
}

/** Hashes the four tiles of the queue and keeps those that win. */
function hashQueue(): void {
  hashEntries(hasher, queue)
  const words = ticketWords(hasher)
  for (let lane: u32 = 0; lane < LANES; lane++) {
    if (!laneWins(words, lane, TARGET)) continue
    const win = atomic.add<u32>(WINS, 1)
    storeWin(winList + win * WIN_BYTES, load<u32>(queue + lane * ENTRY_BYTES), words, lane)
  }
}

/**
 * Folds a family's tiles and hashes whenever four are waiting. None is left over: n is a multiple of 128, so a row of
 * families has a multiple of eight tiles.
 */
function queueTiles(n: u32, level: u32, row: u32, column: u32): void {
  const side = n / SIDE
  const apart = side >> level
  for (let index: u32 = 0; index < (<u32>1) << (2 * level); index++) {
    const tileRow = row + familyRow(level, index) * apart
    const tileColumn = column + familyColumn(level, index) * apart
    const entry = queue + queued * ENTRY_BYTES
    store<u32>(entry, tileRow * side + tileColumn)
    foldTile(tiles + index * TILE_BYTES, entry + 16)
    if (++queued === LANES) {
      hashQueue()
      queued = 0
    }
  }
}

/**
 * One thread's part of the attempt that the job block describes.
 * @param n matrix size, a multiple of 128 for which n / 2^level is a multiple of 16
 * @param level of the families
 * @param group families of rows per turn
 * @param columns shared, n^2 bytes: B's transpose
 * @param wins shared, WIN_BYTES for each tile
 * @param region this thread's own
 * @returns 1 once done, 0 when it left because of an abort
 */
export function play(n: u32, level: u32, group: u32, columns: usize, wins: usize, region: usize): i32 {
  layOut(n, level, region)
  winList = wins
  beginAttempt(hasher, PREFIX)
  const side = familySide(n, level)
  const apart = n >> level
  const operand = expandedBytes(level, apart)
  if (!drawColumns(n * n, columns)) return 0
  while (true) {
    const first = atomic.add<u32>(GROUPS_TAKEN, 1) * group
    if (first >= side) break
    const count = min(group, side - first)
    takeRows(n, level, first, count)
    if (!awaitColumns(n * n)) return 0
    for (let column: u32 = 0; column < side; column++) {
      if (aborted()) return 0
      expandB(level, columns + column * SIDE * n, n, apart * n, apart, expandedColumns)
      for (let family: u32 = 0; family < count; family++) {
        multiplyFamily(level, expandedRows + family * operand, expandedColumns, apart, tiles, products)
        queueTiles(n, level, first + family, column)
      }
    }
  }
  return 1
}

/** Bytes that `product` needs at `work`. */
export function productWorkBytes(n: u32, level: u32): u32 {
  return productBytes(level) + 2 * expandedBytes(level, n >> level)
}

/**
 * The tiles of one family from given rows.
 * @param a 16 * 2^level rows of n int8: A's
 * @param b as many rows of B's transpose
 * @param out 4^level tiles of 16 x 16 int32, in quarters
 */
export function product(n: u32, level: u32, a: usize, b: usize, out: usize, work: usize): void {
  const columns = n >> level
  const operand = expandedBytes(level, columns)
  const first = work + productBytes(level)
  expandA(level, a, n, SIDE * n, columns, first)
  expandB(level, b, n, SIDE * n, columns, first + operand)
  multiplyFamily(level, first, first + operand, columns, out, work)
}

/** Bytes that `tile` needs at `work`. */
export function tileWorkBytes(n: u32): u32 {
  return 2 * SIDE * n + productWorkBytes(n, 0)
}

/**
 * One tile, for a verifier: draws 16 rows under each key and multiplies them.
 * @param keys the key of A and then that of B, 32 bytes each
 * @param out 16 x 16 int32, row-major
 */
export function tile(keys: usize, n: u32, tileRow: u32, tileColumn: u32, out: usize, work: usize): void {
  const bytes = SIDE * n
  draw(keys, tileRow * bytes, bytes, work)
  draw(keys + 32, tileColumn * bytes, bytes, work + bytes)
  product(n, 0, work, work + bytes, out, work + 2 * bytes)
}

/** The multiplication alone, for benchmarks: two packed panels of n columns, `rounds` times. */
export function multiply(n: u32, a: usize, b: usize, out: usize, rounds: u32): void {
  for (let round: u32 = 0; round < rounds; round++) multiplyPanels(a, b, n, out)
}
