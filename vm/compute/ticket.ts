/** What a tile is worth: its ticket, the target it must be under, and the names a result carries. PROTOCOL 6.2. */
import { bytesToBigInt, type Hash, u32be } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { domainHash } from '../../core/hash.ts'
import { FOLD_WORDS } from './fold.ts'
import { TILE_SIDE } from './matrix.ts'

/** Tiles an attempt may have at most, (8192 / 16)^2 rounded up to a power of two: the nonce keeps 20 bits for t. */
export const TILE_SPACE = 2 ** 20
const ATTEMPT_SPACE = 2 ** 32

/** Which tile: `attempt` is a u32, `tile` = I * (n / 16) + J. */
export interface TileRef {
  readonly attempt: number
  readonly tile: number
}

/** Tiles in one attempt at matrix size n. */
export const tileCount = (n: number): number => (n / TILE_SIDE) ** 2

export const packNonce = ({ attempt, tile }: TileRef): number => attempt * TILE_SPACE + tile

/** `undefined` when the attempt would not be a u32 or the tile does not exist at this n. */
export function unpackNonce(nonce: number, n: number): TileRef | undefined {
  const attempt = Math.floor(nonce / TILE_SPACE)
  const tile = nonce % TILE_SPACE
  return attempt < ATTEMPT_SPACE && tile < tileCount(n) ? { attempt, tile } : undefined
}

/** sha256(domain || seed || n || a || t || f[0..15] little endian). */
export function ticketOf(seed: Hash, n: number, { attempt, tile }: TileRef, folded: Uint32Array): Hash {
  assert(folded.length === FOLD_WORDS, 'a fold has 16 words', { length: folded.length })
  const words = new Uint8Array(4 * FOLD_WORDS)
  const view = new DataView(words.buffer)
  for (let i = 0; i < FOLD_WORDS; i++) view.setUint32(4 * i, folded[i]!, true)
  return domainHash('ticket', seed, u32be(n), u32be(attempt), u32be(tile), words)
}

/**
 * T(n) = floor(2^256 * 256 n / D): every win stands for D expected multiply-accumulates, whatever n is. Below 2^256,
 * because D >= 2^22 and 256 n <= 2^21.
 */
export const targetOf = (n: number, difficultyMacs: bigint): bigint =>
  ((BigInt(TILE_SIDE * TILE_SIDE) * BigInt(n)) << 256n) / difficultyMacs

export const wins = (ticket: Hash, target: bigint): boolean => bytesToBigInt(ticket) < target

/** The attempt's name: RFC 9562 UUIDv8 from the first 16 bytes of sha256(domain || seed || n || a). */
export function taskIdOf(seed: Hash, n: number, attempt: number): Uint8Array {
  const id = domainHash('taskId', seed, u32be(n), u32be(attempt)).slice(0, 16)
  id[6] = (id[6]! & 0x0f) | 0x80
  id[8] = (id[8]! & 0x3f) | 0x80
  return id
}
