/** Bounds and prices of a run. Source: rusty-kaspa crypto/txscript after Toccata; script units are a hundredth of a gram. */

/** Items on both stacks together. */
export const MAX_STACK_ITEMS = 244
export const MAX_SCRIPT_BYTES = 1_000_000
export const MAX_ELEMENT_BYTES = 1_000_000
/** Opcodes that push nothing, of one script; each key of a multisig counts too. */
export const MAX_OPERATIONS = 1_000_000
export const MAX_MULTISIG_KEYS = 20

export const UNITS_PER_GRAM = 100
/** One signature check. */
export const SIG_OP_UNITS = 1_000 * UNITS_PER_GRAM
export const BLAKE2B_UNITS_PER_BYTE = 2
export const HASH_UNITS_PER_BYTE = 1
/**
 * Of a hash with a key, and of each of its bytes. Kaspa charges as without a key; ours are many times slower than those, and a
 * block of them alone took five seconds.
 */
export const KEYED_HASH_UNITS = 1_000
export const KEYED_HASH_UNITS_PER_BYTE = 4
/** A spent script pays a gram for each byte beyond the longest standard form. */
export const STANDARD_SPK_BYTES = 35

/** Lock times below are heights, from here on milliseconds. */
export const LOCK_TIME_THRESHOLD = 500_000_000_000n
/** An input of this sequence is final: its transaction's lock time binds it no more. */
export const FINAL_SEQUENCE = 0xffff_ffff_ffff_ffffn
export const SEQUENCE_LOCK_DISABLED = 1n << 63n
export const SEQUENCE_LOCK_MASK = 0xffff_ffffn
