/**
 * The lottery in plain TypeScript, on one core: the reference of every other backend, and enough for a devnet.
 *
 * It shares the exact tile multiplication with the verifier's kernel and saves what a verifier cannot: each matrix is
 * drawn once, and a panel of B meets GROUP_ROWS packed panels of A while it is in cache. It gives the event loop a turn
 * every SLICE_MACS.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bigIntToBytes, compareBytes, type Hash } from '../core/bytes.ts'
import { chachaBlocks } from '../vm/compute/chacha.ts'
import { foldTile } from '../vm/compute/fold.ts'
import { drawRows, matrixKeys, TILE_SIDE } from '../vm/compute/matrix.ts'
import { ticketOf } from '../vm/compute/ticket.ts'
import { multiplyTile, packRows } from '../vm/compute/tile.ts'
import type { LotteryBackend, LotteryJob, TileWin } from './backend.ts'

/** 16 packed panels are 256 KiB at n = 256 and 8 MiB at n = 8192; more would not make the panel of B cheaper. */
const GROUP_ROWS = 16
/** About 10 ms at 3 G MACs a second: short beside the 200 ms a stop may take, long beside one turn of the event loop. */
const SLICE_MACS = 1 << 25
/** 1 MiB of keystream takes a few milliseconds. A multiple of 64. */
const DRAW_BYTES = 1 << 20

/** Lets other work run whenever `macs` add up to a slice, and leaves by the signal's reason. */
class Pace {
  readonly #signal: AbortSignal | undefined
  #macs = 0

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  async spend(macs: number): Promise<void> {
    this.#macs += macs
    if (this.#macs < SLICE_MACS) return
    await this.turn()
  }

  async turn(): Promise<void> {
    this.#macs = 0
    await nextTurn()
    this.#signal?.throwIfAborted()
  }
}

/** The whole transposed B, n^2 bytes (64 MiB at n = 8192), in slices. */
async function drawMatrix(key: Hash, n: number, pace: Pace): Promise<Int8Array> {
  const bytes = new Uint8Array(n * n)
  for (let from = 0; from < bytes.length; from += DRAW_BYTES) {
    chachaBlocks(key, from / 64, bytes.subarray(from, Math.min(bytes.length, from + DRAW_BYTES)))
    if (bytes.length > DRAW_BYTES) await pace.turn()
  }
  return new Int8Array(bytes.buffer)
}

function packGroup(keyA: Hash, n: number, firstTileRow: number, count: number): Float64Array[] {
  return Array.from({ length: count }, (_, i) => {
    const packed = new Float64Array((TILE_SIDE / 2) * n)
    packRows(drawRows(keyA, n, (firstTileRow + i) * TILE_SIDE, TILE_SIDE), n, packed)
    return packed
  })
}

async function playAttempt(job: LotteryJob, attempt: number, signal?: AbortSignal): Promise<readonly TileWin[]> {
  signal?.throwIfAborted()
  const { seed, n } = job
  const { keyA, keyB } = matrixKeys(seed, n, attempt)
  const target = bigIntToBytes(job.target, 32)
  const side = n / TILE_SIDE
  const pace = new Pace(signal)
  const columns = await drawMatrix(keyB, n, pace)
  const panel = new Float64Array(TILE_SIDE * n)
  const product = new Int32Array(TILE_SIDE * TILE_SIDE)
  const found: TileWin[] = []
  for (let from = 0; from < side; from += GROUP_ROWS) {
    const group = packGroup(keyA, n, from, Math.min(GROUP_ROWS, side - from))
    for (let tileColumn = 0; tileColumn < side; tileColumn++) {
      panel.set(columns.subarray(tileColumn * TILE_SIDE * n, (tileColumn + 1) * TILE_SIDE * n))
      for (const [i, packed] of group.entries()) {
        multiplyTile(packed, panel, 0, n, product)
        const tile = (from + i) * side + tileColumn
        const ticket = ticketOf(seed, n, { attempt, tile }, foldTile(product))
        if (compareBytes(ticket, target) < 0) found.push({ tile, ticket })
        await pace.spend(TILE_SIDE * TILE_SIDE * n)
      }
    }
  }
  // A short attempt is less than a slice: it too must let a stop come through.
  await pace.turn()
  return found.sort((a, b) => a.tile - b.tile)
}

export const createReferenceBackend = (): LotteryBackend => ({
  name: 'typescript',
  attempt: playAttempt,
  close: async () => undefined,
})
