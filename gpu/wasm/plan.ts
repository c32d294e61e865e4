/** How an attempt is laid out in memory and shared among threads. */
import { QuernError } from '../../core/errors.ts'
import { TILE_SIDE } from '../../vm/compute/matrix.ts'
import type { LotteryExports } from './module.ts'

/** The job block and the counters lie below; `assembly/job.ts` has the same addresses. */
export const JOB = {
  abort: 0,
  slicesTaken: 64,
  slicesDrawn: 128,
  groupsTaken: 192,
  wins: 256,
  keyA: 320,
  keyB: 352,
  prefix: 384,
  target: 448,
} as const

/** The job block and the module's constants take 2 KiB; the rest of the first page is left free. */
const FIRST_FREE = 65_536
/** Regions begin on cache lines of their own. */
const ALIGNMENT = 128

/** Drawing works in slices of 2^14 bytes of the n^2. */
const SIZE_STEP = 128
/** Above it 32-bit addresses get tight, and tiles would have numbers the nonce cannot hold. */
const MAX_SIZE = 8_192
/** Narrower panels cost more to fold together than the level saves. */
const MIN_PANEL_COLUMNS = 128
/** Each thread gets at least two turns where it can, so that a late one does not keep all waiting. */
const TURNS_PER_THREAD = 2
/** More would save little of the expansion of B, and fall out of the cache: 4 families of 8192 columns are 45 MB. */
const MAX_GROUP = 4

export interface Plan {
  readonly n: number
  /** Strassen's level: families of 2^level x 2^level tiles. */
  readonly level: number
  /** Families of rows a thread takes per turn. */
  readonly group: number
  /** Addresses: B's transpose, the list of winners, the thread's regions. */
  readonly columns: number
  readonly wins: number
  readonly regions: readonly number[]
  /** All memory. */
  readonly bytes: number
}

const aligned = (address: number): number => Math.ceil(address / ALIGNMENT) * ALIGNMENT

/** @throws QuernError `LOTTERY_MATRIX_SIZE` */
export function checkSize(n: number): void {
  if (Number.isSafeInteger(n) && n >= SIZE_STEP && n <= MAX_SIZE && n % SIZE_STEP === 0) return
  throw new QuernError(
    'LOTTERY_MATRIX_SIZE',
    `no kernel for matrix size ${n}: it must be a multiple of ${SIZE_STEP}, at most ${MAX_SIZE}`,
    { n },
  )
}

/** The deepest level whose panels are wide enough and whose families go round. */
function levelFor(n: number, threads: number, maxLevel: number): number {
  const fits = (level: number): boolean => {
    const columns = n / 2 ** level
    const families = columns / TILE_SIDE
    return columns % TILE_SIDE === 0 && columns >= MIN_PANEL_COLUMNS && families >= threads * TURNS_PER_THREAD
  }
  let level = 0
  while (level < maxLevel && fits(level + 1)) level++
  return level
}

/**
 * @param level for measurements: this one in place of the best
 * @throws QuernError `LOTTERY_MATRIX_SIZE`
 */
export function planAttempt(lottery: LotteryExports, n: number, threads: number, level?: number): Plan {
  checkSize(n)
  const chosen = level ?? levelFor(n, threads, lottery.MAX_LEVEL.value)
  const families = n / TILE_SIDE / 2 ** chosen
  const group = Math.min(MAX_GROUP, Math.max(1, Math.floor(families / (threads * TURNS_PER_THREAD))))
  const wins = FIRST_FREE + n * n
  const firstRegion = aligned(wins + lottery.WIN_BYTES.value * (n / TILE_SIDE) ** 2)
  const regionBytes = aligned(lottery.regionBytes(n, chosen, group))
  const regions = Array.from({ length: threads }, (_, i) => firstRegion + i * regionBytes)
  return { n, level: chosen, group, columns: FIRST_FREE, wins, regions, bytes: firstRegion + threads * regionBytes }
}
