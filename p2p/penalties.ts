/**
 * What each fault costs the peer it came from. One table, so that nobody has to weigh a fault where it is found.
 *
 * Points are subtracted from a score that is 0 for a stranger and comes back with time (score.ts): 20 close the connection,
 * 50 ban. So with the kinds below, ten slips, five malformed messages, one flood or one proven lie end a peer. What is
 * nobody's fault (old, early, known: `IgnoreCode`) has no code here.
 */
import type { RejectCode } from '../consensus/simplex/types.ts'
import type { BlockErrorCode } from '../consensus/validate.ts'
import { BAN_SCORE, MIN_SCORE } from './score-law.ts'

export interface Penalty {
  /** Taken from the score. */
  readonly points: number
  /** The score does not fall below this on account of the code; absent where it may fall to MIN_SCORE. */
  readonly floor?: number
  /** Bans at once. */
  readonly isFatal: boolean
}

/**
 * A slow line, a paused process or a busy machine: no fault of character. It only decides who gets one question at a time
 * (requests.ts) and whom to drop first when room is short, and can never disconnect anybody.
 */
const SLOW: Penalty = { points: 1, floor: -10, isFatal: false }
/** One of many above the limit, in a burst that a pause of either side explains: it is dropped, and there it may end. */
const EXCESS: Penalty = { points: 1 / 8, floor: -15, isFatal: false }
/** The same, where it took a stream and some work to find out. */
const EXCESS_STREAM: Penalty = { points: 1 / 2, floor: -15, isFatal: false }
/** Unfitting, but something an older or newer version, or a node in trouble, could do. */
const SLIP: Penalty = { points: 5, isFatal: false }
/** Never written by working software of ours; cheap to detect. A rare bug of an honest peer must not end it. */
const MALFORMED: Penalty = { points: 10, isFatal: false }
/** Of a newer version: ours to mend. It only puts those first whom we understand, and can never disconnect anybody. */
const NEWER: Penalty = { points: 1 / 8, floor: -10, isFatal: false }
/** Not one of us, and no worse for it: kept away for some minutes, never banned, for it may be repaired. */
const FOREIGN: Penalty = { points: 20, floor: -25, isFatal: false }
/** Closes the connection, and bans whoever comes back with the same soon. */
const UNWELCOME: Penalty = { points: 20, isFatal: false }
/** Beyond every bound that the protocol names, so no bug of an encoder but somebody who tries what we bear. Bans at once. */
const ABUSE: Penalty = { points: -BAN_SCORE, isFatal: true }
/** A signature or a proof that the sender had to check, or had to forge. */
const LIE: Penalty = { points: -MIN_SCORE, isFatal: true }

/** Rejections of the engine. Honest peers pass on only what they verified, and fetch answers are checked by their maker. */
const CONSENSUS: Readonly<Record<RejectCode, Penalty>> = {
  /** Certificates of an epoch whose set we hold: the peer cannot have verified them. */
  CERTIFICATE_EPOCH: MALFORMED,
  CERTIFICATE_SIGNERS: LIE,
  CERTIFICATE_QUORUM: LIE,
  CERTIFICATE_SIGNATURE: LIE,
  VOTE_SIGNER: MALFORMED,
  VOTE_SHAPE: MALFORMED,
  VOTE_SIGNATURE: LIE,
  PROPOSAL_SHAPE: MALFORMED,
  PROPOSAL_SIGNATURE: LIE,
  /** Another body under a signed header: nobody but the sender can have put it there. */
  BLOCK_BODY: LIE,
}

/** Blocks handed to us as final (catch-up): honest peers serve only what a quorum finalised and they executed. */
const SERVED_BLOCKS: Readonly<Record<BlockErrorCode, Penalty>> = {
  BLOCK_VERSION: NEWER,
  BLOCK_CHAIN_ID: LIE,
  BLOCK_PARENT: LIE,
  BLOCK_HEIGHT: LIE,
  BLOCK_EPOCH: LIE,
  BLOCK_VIEW: LIE,
  BLOCK_TIMESTAMP: LIE,
  BLOCK_VALIDATORS_HASH: LIE,
  BLOCK_PROPOSER: LIE,
  BLOCK_REVEAL: LIE,
  BLOCK_CERTIFICATE_HASH: LIE,
  BLOCK_CERTIFICATE: LIE,
  BLOCK_SEQ_COMMIT: LIE,
  BLOCK_RESERVED: LIE,
  BLOCK_EXTRA_DATA: LIE,
  BLOCK_GAS_LIMIT: LIE,
  BLOCK_BASE_FEE: LIE,
  BLOCK_SIZE: LIE,
  BLOCK_TX_ROOT: LIE,
  BLOCK_TX_REFUSED: LIE,
  BLOCK_OVER_LIMIT: LIE,
  BLOCK_GAS_USED: LIE,
  BLOCK_GRAM_USED: LIE,
  BLOCK_DIFFICULTY: LIE,
  BLOCK_RESULT_COUNT: LIE,
  BLOCK_COMPUTE_ROOT: LIE,
  BLOCK_RECEIPT_ROOT: LIE,
  BLOCK_STATE_ROOT: LIE,
}

/** Bytes that are no message: wire.ts and the decoders under it. */
const DECODING = {
  RLP_INVALID: MALFORMED,
  RLP_LIMIT: ABUSE,
  RLP_SHAPE: MALFORMED,
  VOTE_INVALID: MALFORMED,
  HEADER_INVALID: MALFORMED,
  BODY_INVALID: MALFORMED,
  BLOCK_TOO_LARGE: ABUSE,
  /** From a network that upgraded before we did: no fault of anybody's. */
  HEADER_VERSION: NEWER,
  /** A newer version may know more types than we do. */
  MESSAGE_UNKNOWN: SLIP,
} satisfies Record<string, Penalty>

/**
 * Transactions that no state makes valid, and proofs that recomputing refutes: whoever relays checks these first. What
 * depends on the state (nonce, balance, fee, a claimed tile) differs between honest nodes and costs nothing.
 */
const TRANSACTIONS = {
  TX_MALFORMED: MALFORMED,
  TX_TOO_LARGE: MALFORMED,
  TX_SIGNATURE_INVALID: MALFORMED,
  TX_CHAIN_ID: MALFORMED,
  TX_UNPROTECTED: MALFORMED,
  TX_NO_EVM: MALFORMED,
  /** A newer version may know more kinds, or know them earlier. */
  TX_KIND_UNKNOWN: SLIP,
  TX_KIND_INACTIVE: SLIP,
  /** Recomputing cost us a tile or a pairing. */
  RESULT_HASH_MISMATCH: UNWELCOME,
  PROOF_OF_POSSESSION_INVALID: UNWELCOME,
} satisfies Record<string, Penalty>

/** Accusations that the accuser could have checked. */
const EVIDENCE = {
  EVIDENCE_NOT_CONFLICTING: MALFORMED,
  EVIDENCE_NOT_IN_SET: MALFORMED,
  EVIDENCE_SIGNATURE_INVALID: LIE,
} satisfies Record<string, Penalty>

/** How a peer talks, whatever it says. */
const CONDUCT = {
  OTHER_CHAIN: FOREIGN,
  OTHER_VERSION: FOREIGN,
  /** Certificates under a range that do not prove its last block. */
  CERTIFICATE_INVALID: LIE,
  /** Records that are not those of the state that was asked for. */
  CHUNK_INVALID: LIE,
  /** Said that a range does not fit into one answer, and another peer sent it in one. Much that was deleted may lie in it. */
  CHUNK_SPLIT: SLIP,
  RECEIPTS_INVALID: LIE,
  /** Edges, headers, values or results that do not verify under what is trusted. */
  LIGHT_ANSWER_INVALID: LIE,
  /** Says it is a validator and cannot sign for it. */
  CLAIM_INVALID: UNWELCOME,
  /** A frame that announces more bytes than its type may have, before any of them is read. */
  FRAME_TOO_LARGE: ABUSE,
  /** A length that is none. */
  FRAME_MALFORMED: ABUSE,
  /** A frame that is no question of the protocol it came by. */
  FRAME_INVALID: MALFORMED,
  /** An answer that is not one to the question, or breaks off. */
  PEER_ANSWER_INVALID: MALFORMED,
  HANDSHAKE_INVALID: MALFORMED,
  /** Gossip that cannot be decoded; the mesh counts it as well (P4). */
  GOSSIP_INVALID: MALFORMED,
  PEER_TIMEOUT: SLOW,
  HANDSHAKE_TIMEOUT: SLOW,
  /** Opened a stream and did not say what for. */
  STREAM_SILENT: EXCESS_STREAM,
  STREAM_EXCESS: EXCESS_STREAM,
  /** Above a limit (limits.ts), and far above it. */
  REQUEST_RATE: EXCESS_STREAM,
  REQUEST_FLOOD: ABUSE,
  MESSAGE_RATE: EXCESS,
  MESSAGE_FLOOD: ABUSE,
} satisfies Record<string, Penalty>

const PENALTIES: ReadonlyMap<string, Penalty> = new Map(
  Object.entries({ ...CONSENSUS, ...SERVED_BLOCKS, ...DECODING, ...TRANSACTIONS, ...EVIDENCE, ...CONDUCT }),
)

export type ConductCode = keyof typeof CONDUCT

/** Every code in the table. */
export const penaltyCodes = (): readonly string[] => [...PENALTIES.keys()]

/** A code that somebody forgot here must be neither free nor the end of an honest peer; a test looks for such. */
export const penaltyOf = (code: string): Penalty => PENALTIES.get(code) ?? SLIP
