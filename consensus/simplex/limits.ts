/** Every bound of the engine, with its reason. */

/**
 * Votes further ahead of our view are passed over. A node that is behind advances by certificates, which verify at any
 * distance, and everybody re-sends votes every D, so this only has to cover messages that overtake each other.
 */
export const VOTE_VIEWS_AHEAD = 64

/** The same for proposals, which weigh up to 2 MiB each: one of each of these views is held at most. */
export const PROPOSAL_VIEWS_AHEAD = 8

/**
 * Proposals that nobody certified are let go this many views after theirs. Should one be notarised after all, it is
 * fetched by hash from those who voted for it.
 */
export const PROPOSAL_VIEWS_BEHIND = 8

/**
 * Own votes are re-sent for at most this many of the newest views. Every earlier view has a certificate already, and one
 * finalization above settles them all; without this, a long outage would end in a storm.
 */
export const RESEND_VIEWS = 256

/** Votes are kept for this many views below ours: they are good only for late finality and evidence. */
export const VOTE_VIEWS_BEHIND = 1_024

/** Consecutive nullified views double the timers up to this factor (S3). */
export const MAX_TIMER_FACTOR = 64

/** Blocks asked for at once, every D: a node that misses more asks its host to sync. */
export const MAX_FETCHES = 16

/**
 * Blocks held before fetching stops: what a node that cannot reach its own head holds in vain. Finality trails by a few blocks,
 * so only one that needs its host's sync comes here.
 */
export const MAX_HELD_BLOCKS = 512

/** A notarised block this far above the last final one means that we are behind: walking back block by block is too slow. */
export const SYNC_BLOCKS = 16

/** Messages of the next epoch kept while ours ends. They are unverified, so few; all of them are re-sent within D. */
export const MAX_EARLY_MESSAGES = 256
/** Of these, from one sender: a proposal, and votes and certificates of two views, so that no peer fills the room of all. */
export const MAX_EARLY_PER_SENDER = 8
/** Of these, proposals, for their size: one from each of so many senders. One of them is the leader of view 0. */
export const MAX_EARLY_PROPOSALS = 8

/**
 * Senders remembered for having spoken of a later epoch, one claim each. The host asks a different one every D, so a liar
 * costs one attempt; an honest one is among so many as long as not all of them lie.
 */
export const MAX_LAGGING_SENDERS = 16

/**
 * Ticks of D, after a start or a jump, in which statements of our own key that we do not know are taken for echoes of an
 * earlier life whose disk is lost. Gossip caches keep messages for some seconds.
 */
export const ADOPT_TICKS = 16

/** Certificates in one answer to a peer: three kinds for each of 85 views. */
export const MAX_CERTIFICATES_SERVED = 256

/** Views that one answer covers, whatever became of them. */
export const VIEWS_PER_ANSWER = Math.floor(MAX_CERTIFICATES_SERVED / 3)

/** Steps in the settling of one input. Each consumes something, so more than this is a loop. */
export const MAX_SETTLE_STEPS = 100_000
