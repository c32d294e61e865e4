/** What every kernel of an attempt reads: the job, and the band of the product that this submission is about. */
import { bigIntToBytes, concatBytes, u32be } from '../../../core/bytes.ts'
import { DOMAIN_BYTES } from '../../../core/domains.ts'
import { matrixKeys, TILE_SIDE } from '../../../vm/compute/matrix.ts'
import type { LotteryJob } from '../../backend.ts'
import { midstate, SHA256_K } from '../midstate.ts'

/** Words of the uniform `Job`, in order. */
const AT = { keyA: 0, keyB: 8, midstate: 16, target: 24, n: 32, side: 33, capacity: 34, k: 36 } as const
export const JOB_BYTES = 4 * (AT.k + SHA256_K.length)
/** One vec4u: first row, first tile, tiles, unused. */
export const BAND_BYTES = 16
/** Words of a winner: its tile and the eight words of its ticket. */
export const WIN_WORDS = 9

export const JOB_WGSL = /* wgsl */ `
struct Job {
  // ChaCha20 keys, words little endian.
  keyA: array<vec4u, 2>,
  keyB: array<vec4u, 2>,
  // SHA-256's state after the first 64 bytes of every ticket's message.
  midstate: array<vec4u, 2>,
  // The lottery's target, words big endian, most significant first.
  limit: array<vec4u, 2>,
  n: u32,
  // Tiles in a row of the product.
  side: u32,
  // Winners there is room for.
  capacity: u32,
  unused: u32,
  // SHA-256's constants: a constant array indexed by a variable would be copied to every invocation.
  k: array<vec4u, 16>,
}
struct Band {
  firstRow: u32,
  firstTile: u32,
  tiles: u32,
  unused: u32,
}
`

/** The first 64 bytes of every ticket's message. The tile number's top byte, which ends them, is 0 at every n. */
function ticketPrefix({ seed, n }: LotteryJob, attempt: number): Uint8Array {
  return concatBytes(DOMAIN_BYTES.ticket, seed, u32be(n), u32be(attempt), Uint8Array.of(0))
}

function words(bytes: Uint8Array, littleEndian: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, littleEndian))
}

/** The uniform `Job` of one attempt, JOB_BYTES. */
export function packJob(job: LotteryJob, attempt: number, capacity: number): Uint32Array<ArrayBuffer> {
  const { keyA, keyB } = matrixKeys(job.seed, job.n, attempt)
  const packed = new Uint32Array(JOB_BYTES / 4)
  packed.set(words(keyA, true), AT.keyA)
  packed.set(words(keyB, true), AT.keyB)
  packed.set(midstate(ticketPrefix(job, attempt)), AT.midstate)
  packed.set(words(bigIntToBytes(job.target, 32), false), AT.target)
  packed[AT.n] = job.n
  packed[AT.side] = job.n / TILE_SIDE
  packed[AT.capacity] = capacity
  packed.set(SHA256_K, AT.k)
  return packed
}

/**
 * @param firstRow of the product, a multiple of the kernel's block
 * @param rows a multiple of 16
 */
export function packBand(n: number, firstRow: number, rows: number): Uint32Array<ArrayBuffer> {
  const side = n / TILE_SIDE
  return Uint32Array.of(firstRow, (firstRow / TILE_SIDE) * side, (rows / TILE_SIDE) * side, 0)
}
