/**
 * Verification against work in the tile lottery (PROTOCOL 6.2), printed as ratios: `npx tsx scripts/bench/lottery.ts`.
 *
 * One attempt costs n^3 multiply-accumulates. Small ones are played whole; for larger n one row-block (16 rows of C,
 * drawn, multiplied, folded and hashed like the worker's) is measured and multiplied by n / 16. A result is worth D of
 * them whatever its size, so the last column is what a verifier saves at the devnet's genesis difficulty.
 */
import { sha256 } from '../../core/hash.ts'
import { foldTile } from '../../vm/compute/fold.ts'
import { drawRows, matrixKeys, TILE_SIDE } from '../../vm/compute/matrix.ts'
import { ticketOf } from '../../vm/compute/ticket.ts'
import { multiplyTile, packRows, referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import { PRESETS } from '../../vm/params.ts'
import { printTable, times } from './report.ts'

const SIZES = [256, 1024, 8192]
const VERIFICATIONS = 100
/** Each part runs this long unmeasured: the compiler's own time is no part of either side. */
const WARM_UP_MS = 400
const seed = sha256(new Uint8Array(0))

/** CPU milliseconds of this process, so that a busy machine does not spoil the figures. */
function cpuMs(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

function warmUp(work: () => void): void {
  const endMs = performance.now() + WARM_UP_MS
  while (performance.now() < endMs) work()
}

function verifyOnce(n: number, round: number): void {
  ticketOfTile(referenceKernel, seed, n, { attempt: round, tile: (round * 37) % (n / TILE_SIDE) ** 2 })
}

/** One row of tiles, with B drawn once per attempt as a worker does: its share of that is 16 rows too. */
function playRowBlock(n: number): void {
  const { keyA, keyB } = matrixKeys(seed, n, 0)
  const packed = new Float64Array((TILE_SIDE / 2) * n)
  packRows(drawRows(keyA, n, 0, TILE_SIDE), n, packed)
  const rows = drawRows(keyB, n, 0, TILE_SIDE)
  const panel = new Float64Array(TILE_SIDE * n)
  const product = new Int32Array(TILE_SIDE * TILE_SIDE)
  for (let tile = 0; tile < n / TILE_SIDE; tile++) {
    panel.set(rows)
    multiplyTile(packed, panel, 0, n, product)
    ticketOf(seed, n, { attempt: 0, tile }, foldTile(product))
  }
}

const columns = ['n', 'verify ms', 'attempt ms', 'attempt / verify', 'G MAC/s', 'work of one result / verify']
const rows: string[][] = []
for (const n of SIZES) {
  warmUp(() => verifyOnce(n, 0))
  const verifyMs = cpuMs(() => {
    for (let round = 0; round < VERIFICATIONS; round++) verifyOnce(n, round)
  })
  warmUp(() => playRowBlock(n))
  const blocks = n >= 8192 ? 1 : 64
  const rowBlockMs = cpuMs(() => {
    for (let block = 0; block < blocks; block++) playRowBlock(n)
  })
  const verifyOneMs = verifyMs / VERIFICATIONS
  const attemptMs = (rowBlockMs / blocks) * (n / TILE_SIDE)
  const macsPerMs = n ** 3 / attemptMs
  const resultMs = Number(PRESETS.devnet.genesisDifficultyMacs) / macsPerMs
  rows.push([
    String(n),
    verifyOneMs.toFixed(3),
    attemptMs.toFixed(1),
    times(attemptMs / verifyOneMs),
    (macsPerMs / 1e6).toFixed(2),
    times(resultMs / verifyOneMs),
  ])
}
printTable(columns, rows)
