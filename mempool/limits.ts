/** The bounds of the pool. Local policy: nodes may differ without disagreeing about blocks. */
export interface MempoolLimits {
  readonly maxTransactions: number
  /** Of raw envelopes. */
  readonly maxBytes: number
  readonly maxPerSender: number
  /** How far a nonce may stand above the account's. */
  readonly maxNonceGap: number
  readonly ttlMs: number
  /** Smallest maxFeePerGas worth holding: the base fee never falls below the network's floor (PROTOCOL 2). */
  readonly feeFloorWei: bigint
  /** A newcomer may push out this many at most. */
  readonly maxEvictionsPerAdd: number
  /** Waiting transactions checked against the new state after each block. */
  readonly maxRechecksPerBlock: number
  /** False proofs of one sender within `falseProofWaitMs` after which no more are looked at until that is over. */
  readonly maxFalseProofs: number
  readonly falseProofWaitMs: number
  /** Senders whose false proofs are counted; of more the earliest is forgotten. */
  readonly maxFalseProvers: number
}

export const DEFAULT_LIMITS: Omit<MempoolLimits, 'feeFloorWei'> = {
  // About 20 s of full blocks of transfers at the presets' gas limits and intervals.
  maxTransactions: 65_536,
  // 1 KiB for each of them on average; some 220 of the largest native envelopes.
  maxBytes: 64 * 1024 * 1024,
  // One sender can fill a 64th of the pool, and its queue stays cheap to rearrange.
  maxPerSender: 1_024,
  maxNonceGap: 1_024,
  // Long enough to sit out a fee spike, short enough that a forgotten transaction does not surprise its sender.
  ttlMs: 3 * 60 * 60 * 1000,
  // When bytes run out an average transaction takes 1 KiB, so this makes room for the largest envelope (300 KiB).
  maxEvictionsPerAdd: 512,
  // A check is a millisecond at worst (one tile, PROTOCOL 6.2), so this is a small part of a block interval. Scripts may take
  // longer: whoever gives `recheck` bounds them by gram.
  maxRechecksPerBlock: 32,
  // A card may err now and then. A false proof costs up to 4 ms, so to keep a core busy takes 5,000 funded accounts. Those in
  // scripts, up to 150 ms, cost a thread that serves blocks first.
  maxFalseProofs: 3,
  falseProofWaitMs: 60_000,
  // More than can each cost 12 ms a minute; a few megabytes.
  maxFalseProvers: 16_384,
}

/** A replacement must raise both fee fields by this much, so that each relay of the same nonce is paid for. */
export const REPLACEMENT_RAISE_PERCENT = 10n
