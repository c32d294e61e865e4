/**
 * What all threads of a backend share, at the bottom of memory: written by the host between attempts, read by the threads,
 * except for the counters, which they raise. The same addresses stand in ../layout.ts. Counters lie in cache lines of
 * their own.
 */

/** i32, not 0 = leave. */
export const ABORT: usize = 0
/** u32 counters: slices of B handed out, slices drawn, groups of rows handed out, winners stored. */
export const SLICES_TAKEN: usize = 64
export const SLICES_DRAWN: usize = 128
export const GROUPS_TAKEN: usize = 192
export const WINS: usize = 256
/** ChaCha20 keys, 32 bytes each. */
export const KEY_A: usize = 320
export const KEY_B: usize = 352
/** The first 64 bytes of every ticket's message. */
export const PREFIX: usize = 384
/** 32 bytes, big-endian. */
export const TARGET: usize = 448
