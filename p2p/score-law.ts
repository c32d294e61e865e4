/** The numbers of the application score. Lodestar's law (its peer score constants), with our own points per fault. */

/** The worst there is; deeper would let an hour's flood outlast every ban. */
export const MIN_SCORE = -100
/** The connection is closed; the peer may come back. */
export const DISCONNECT_SCORE = -20
export const BAN_SCORE = -50
/** A stranger below it is not dialled: what slowness and excess alone lead to (penalties.ts) stays above. Three minutes after -20. */
export const DIAL_SCORE = -16
/** A score is halved, towards 0, in this time. */
export const HALF_LIFE_MS = 10 * 60_000
/** The first ban: from MIN_SCORE, three half-lives lead to -12.5, so that one who comes back starts as a bad risk. */
export const FIRST_BAN_MS = 30 * 60_000
/** Every further ban doubles, up to a day: addresses change hands and faults get repaired. */
export const MAX_BAN_MS = 24 * 60 * 60_000
/** Bans are forgotten when a peer kept quiet for this long after the last. */
export const BAN_MEMORY_MS = 24 * 60 * 60_000
/** A score above this counts as none. */
export const FORGIVEN_SCORE = -0.5
