/**
 * Tickets, four tiles at a time: sha256(domain || seed || n || a || t || f[0..15] little endian). PROTOCOL 6.2.
 *
 * The message has 131 bytes. The first 64, up to the top byte of t, which is 0 below 2^24 tiles, are the same for a whole
 * attempt: their state is computed once. The rest are two blocks, where every word is a byte of one fold word and
 * three of the next:
 *
 *     t1 t2 t3 f0[0] | f0[1] f0[2] f0[3] f1[0] | ... | f15[1] f15[2] f15[3] 80 | 0 ... 0 | 1048
 */
import { FOLD_BYTES } from './fold.ts'
import { compress, initialState, SCHEDULE_BYTES, STATE_BYTES } from './sha256.ts'

/** Tiles hashed together. */
export const LANES: u32 = 4
/** A tile's number and its fold. */
export const ENTRY_BYTES: u32 = 16 + FOLD_BYTES
/** A winner: its number and its ticket. */
export const WIN_BYTES: u32 = 4 + 32
const MESSAGE_BITS: i32 = 131 * 8

/** Bytes of work space: the attempt's state, the tickets' state, the schedule. */
export const HASHER_BYTES: u32 = 2 * STATE_BYTES + SCHEDULE_BYTES

function byteSwap(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

/** The 32-bit word at `at` of each of four entries. */
function gather(entries: usize, at: usize): v128 {
  let words = v128.load32_zero(entries + at)
  words = v128.load32_lane(entries + at + ENTRY_BYTES, words, 1)
  words = v128.load32_lane(entries + at + 2 * ENTRY_BYTES, words, 2)
  return v128.load32_lane(entries + at + 3 * ENTRY_BYTES, words, 3)
}

/** Prepares the work space for an attempt, given the first 64 bytes of its messages. */
export function beginAttempt(hasher: usize, prefix: usize): void {
  const schedule = hasher + 2 * STATE_BYTES
  initialState(hasher)
  for (let i: usize = 0; i < 16; i++) v128.store(schedule + 16 * i, byteSwap(v128.load32_splat(prefix + 4 * i)))
  compress(hasher, schedule)
}

/** Leaves the tickets of four entries in the work space: word i of all four at `ticketWords(hasher) + 16 i`. */
export function hashEntries(hasher: usize, entries: usize): void {
  const state = ticketWords(hasher)
  const schedule = hasher + 2 * STATE_BYTES
  memory.copy(state, hasher, STATE_BYTES)
  let carried = gather(entries, 0)
  for (let i: usize = 0; i < 16; i++) {
    const word = byteSwap(gather(entries, 16 + 4 * i))
    v128.store(schedule + 16 * i, v128.or(i32x4.shl(carried, 8), i32x4.shr_u(word, 24)))
    carried = word
  }
  compress(state, schedule)
  v128.store(schedule, v128.or(i32x4.shl(carried, 8), i32x4.splat(0x80)))
  memory.fill(schedule + 16, 0, 14 * 16)
  v128.store(schedule + 15 * 16, i32x4.splat(MESSAGE_BITS))
  compress(state, schedule)
}

export function ticketWords(hasher: usize): usize {
  return hasher + STATE_BYTES
}

/** Whether lane `lane`'s ticket is below the target, 32 bytes big-endian. */
export function laneWins(words: usize, lane: usize, target: usize): bool {
  for (let i: usize = 0; i < 8; i++) {
    const word = load<u32>(words + 16 * i + 4 * lane)
    const limit = bswap(load<u32>(target + 4 * i))
    if (word !== limit) return word < limit
  }
  return false
}

/** Writes a winner: tile u32 little endian, ticket as its 32 bytes. */
export function storeWin(out: usize, tile: u32, words: usize, lane: usize): void {
  store<u32>(out, tile)
  for (let i: usize = 0; i < 8; i++) store<u32>(out + 4 + 4 * i, bswap(load<u32>(words + 16 * i + 4 * lane)))
}
