/** The engine's boundary: what its host tells it, what it tells its host, what survives a restart. */
import type { BlsScheme } from '../../core/bls.ts'
import type { Address, Hash } from '../../core/bytes.ts'
import type { SignedStatement } from '../../vm/transaction/types.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { CertificateErrorCode } from '../certificate.ts'
import type { Block, Certificate, Message, Proposal, Vote } from '../types.ts'
import type { Signer } from '../vote.ts'

/** Voters and randomness R(e) of one epoch. */
export interface EpochContext {
  readonly set: ValidatorSet
  readonly randomness: Hash
}

/**
 * The newest final block, with the certificates of its own. Genesis has none: it is final by definition. A block that became
 * final by one above it has no finalization; it is the head only after a crash between the two.
 */
export interface FinalHead {
  readonly block: Block
  readonly notarization: Certificate | undefined
  readonly finalization: Certificate | undefined
}

/**
 * What the host keeps on disk for the engine (S7). It may forget a record once a block of the same or a later
 * (epoch, view) is final on disk.
 */
export type JournalRecord =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  | { readonly type: 'block'; readonly block: Block }
  | { readonly type: 'certificate'; readonly certificate: Certificate }

export interface SimplexOptions {
  readonly genesisHash: Hash
  readonly epochBlocks: number
  readonly blockIntervalMs: number
  /** D. */
  readonly networkDelayMs: number
  readonly scheme: Pick<BlsScheme, 'verify' | 'aggregate' | 'verifyAggregate'>
  /** Absent: an observer, which follows the same chain and never signs. */
  readonly signer?: Signer
  /**
   * `batched` (the default) verifies votes together when they make a quorum; `each` verifies on arrival, which a host wants that relays
   * messages only after they proved good.
   */
  readonly voteChecks?: 'batched' | 'each'
  /**
   * Whether the body is the one its header commits to. A leader's signature covers the header alone, so without this a
   * relay could swap the body and have the right block taken for invalid.
   */
  readonly checkBody: (block: Block) => boolean
  readonly head: FinalHead
  /** Of the epoch of the next block. */
  readonly context: EpochContext
  /** From the journal, in the order in which it was written. Records of final views are passed over. */
  readonly records?: readonly JournalRecord[]
  /**
   * An earlier life of this key may have signed up to this place, both ends included, what the records do not hold. Nothing new is
   * signed there: no vote, no proposal. For a host that lost its journal; one that has it needs no bar, and a bar over
   * a quorum's present view would keep the network from ever leaving it.
   */
  readonly barredUpTo?: Place
}

export interface Place {
  readonly epoch: number
  readonly view: number
}

export type Verdict =
  | 'valid'
  | 'invalid'
  /** Could not be decided now; the engine asks again after D. */
  | 'retry'

export type Input =
  /** Once, before anything else. */
  | { readonly type: 'start' }
  /**
   * `from` is returned in verdicts about the message; the engine only compares it. `isVerified`: its signature was checked
   * against the set of its epoch.
   */
  | { readonly type: 'message'; readonly message: Message; readonly from?: string; readonly isVerified?: true }
  | { readonly type: 'timer'; readonly id: string }
  /** Answer to `build`. Too late is harmless. */
  | { readonly type: 'built'; readonly epoch: number; readonly view: number; readonly block: Block }
  /** Answer to `validate`. A host delays it while the block's timestamp is beyond clock + maxClockDriftMs. */
  | { readonly type: 'validated'; readonly blockHash: Hash; readonly verdict: Verdict }
  /** Answer to `fetchBlock`. */
  | { readonly type: 'blockFetched'; readonly block: Block; readonly from?: string }
  /** Answer to a `finalized` that ends an epoch: the next epoch's set, from the final state. */
  | { readonly type: 'epochSet'; readonly context: EpochContext }
  /**
   * The host got, verified and stored final blocks by itself, up to `head`, after it had carried out all outputs so far.
   * `context` is that of the next block.
   */
  | { readonly type: 'synced'; readonly head: FinalHead; readonly context: EpochContext }

/** Two statements of one validator in one view that an honest one never signs both of (PROTOCOL 5, Accountability). */
export interface Evidence {
  readonly validator: Address
  readonly epoch: number
  readonly view: number
  readonly first: SignedStatement
  readonly second: SignedStatement
}

/** Old, early, or known: nobody's fault. */
export type IgnoreCode =
  | 'EPOCH_PAST'
  | 'EPOCH_AHEAD'
  | 'VIEW_PAST'
  | 'VIEW_AHEAD'
  | 'VOTE_KNOWN'
  | 'CERTIFICATE_KNOWN'
  | 'PROPOSAL_KNOWN'
  | 'BLOCK_UNWANTED'

/** Only a faulty or lying sender produces these. */
export type RejectCode =
  | CertificateErrorCode
  | 'VOTE_SIGNER'
  | 'VOTE_SHAPE'
  | 'VOTE_SIGNATURE'
  | 'PROPOSAL_SHAPE'
  | 'PROPOSAL_SIGNATURE'
  | 'BLOCK_BODY'

/** Why a message was not taken; the engine answers it with an `ignored` or a `rejected`. */
export type Refusal = { readonly ignored: IgnoreCode } | { readonly rejected: RejectCode }

export type HaltCode = 'FINAL_CONFLICT' | 'FINAL_INVALID'

/** Carried out strictly in this order; a `persist` is on disk before anything after it happens. Neighbours may share one fsync. */
export type Output =
  | { readonly type: 'persist'; readonly record: JournalRecord }
  | { readonly type: 'broadcast'; readonly message: Message }
  | { readonly type: 'setTimer'; readonly id: string; readonly delayMs: number }
  | { readonly type: 'cancelTimer'; readonly id: string }
  /** Lead this view: build on the parent and answer `built`. `parentCertificate` is undefined on genesis. */
  | {
      readonly type: 'build'
      readonly epoch: number
      readonly view: number
      readonly parentHash: Hash
      readonly parentCertificate: Certificate | undefined
    }
  /** Execute on its parent, which is final or was answered `valid`. */
  | { readonly type: 'validate'; readonly block: Block }
  /** The tip moved, forward or to another branch. The block was answered `valid`. */
  | { readonly type: 'notarized'; readonly certificate: Certificate }
  /**
   * Commit these blocks, oldest first; `finalization` and `notarization` are the last one's. With `endsEpoch` the engine
   * waits for `epochSet`.
   */
  | {
      readonly type: 'finalized'
      readonly blocks: readonly Block[]
      readonly finalization: Certificate
      readonly notarization: Certificate
      readonly endsEpoch: boolean
    }
  /** `hints`: validators (indexes) that signed for the block or a child of it. Asked again every D until it is here. */
  | { readonly type: 'fetchBlock'; readonly hash: Hash; readonly hints: readonly number[] }
  /** Certificates of these views, both ends included; peers answer with what `certificatesFrom` gives them. */
  | {
      readonly type: 'fetchCertificates'
      readonly epoch: number
      readonly fromView: number
      readonly toView: number
      readonly hints: readonly number[]
    }
  /**
   * Others seem to be an epoch, or many blocks, ahead. Nothing of it is verified: ask peers for newer final blocks, and
   * answer `synced` when there are. At most once in D.
   */
  | { readonly type: 'lagging'; readonly epoch: number; readonly from: string | undefined }
  | { readonly type: 'misbehaviour'; readonly evidence: Evidence }
  | { readonly type: 'ignored'; readonly from: string | undefined; readonly code: IgnoreCode }
  | { readonly type: 'rejected'; readonly from: string | undefined; readonly code: RejectCode }
  /**
   * A verified statement of our own key about a view of this life, which we did not make: another process holds the key. Stop
   * before both of them sign.
   */
  | { readonly type: 'keyElsewhere'; readonly epoch: number; readonly view: number }
  /** The assumption of less than a third of the power faulty is broken. The engine does nothing more; stop the node and say so. */
  | { readonly type: 'halt'; readonly code: HaltCode; readonly message: string }
