/** All that the engine knows, and the questions its rules ask of it. Nothing here decides or emits a message. */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { leaderOf } from '../../vm/leader.ts'
import { isLastBlockOfEpoch } from '../../vm/params.ts'
import { totalPower, type ValidatorSet } from '../../vm/validator-set.ts'
import type { Block, Certificate, Message, Vote, VoteKind } from '../types.ts'
import { ADOPT_TICKS } from './limits.ts'
import type { EpochContext, FinalHead, HaltCode, Output, Place, SimplexOptions } from './types.ts'

export interface StoredVote {
  readonly vote: Vote
  /** Its signature was checked by itself, not merely as a part of an aggregate. */
  isVerified: boolean
  readonly from: string | undefined
}

/** The leader's first proposal of a view. Its block is held in `blocks`, unless it was malformed or let go. */
export interface SeenProposal {
  readonly blockHash: Hash
  readonly signature: Uint8Array
}

export interface ViewState {
  readonly view: number
  proposal: SeenProposal | undefined
  /** One vote for each validator; a second, different one is evidence and is not kept. */
  readonly votes: Readonly<Record<VoteKind, Map<number, StoredVote>>>
  readonly certificates: { [Kind in VoteKind]?: Certificate }
  /** Validators whose misbehaviour in this view was reported. */
  readonly reported: Set<number>
  isBuildAsked: boolean
}

export interface HeldBlock {
  readonly block: Block
  status: 'held' | 'asked' | 'valid' | 'invalid'
  isPersisted: boolean
}

/** Votes for the head's notarization, which may still grow until the next block carries it. */
export interface HeadVotes {
  readonly set: ValidatorSet
  readonly votes: Map<number, StoredVote>
}

export interface SimplexState {
  readonly options: SimplexOptions
  readonly out: Output[]
  phase: 'new' | 'running' | 'handover' | 'halted'

  head: FinalHead
  headVotes: HeadVotes | undefined
  set: ValidatorSet
  randomness: Hash
  totalPower: bigint
  /** Own index in the set; -1 for an observer. */
  me: number

  view: number
  leader: { readonly epoch: number; readonly view: number; readonly index: number } | undefined
  /** The certificate by which `view` was entered; undefined in the first view of the chain. */
  enteredBy: Certificate | undefined
  /** View of the head's finalization; -1 while this epoch has no final block. All state is about later views. */
  finalView: number
  readonly views: Map<number, ViewState>
  /** Newest notarization of each block, by hash. */
  readonly notarized: Map<string, Certificate>
  readonly blocks: Map<string, HeldBlock>
  /** Newest one not carried out yet. */
  finalization: Certificate | undefined
  tipView: number
  tipHash: Hash

  /** Verified certificates that wait for their turn. */
  readonly formed: Certificate[]
  readonly timers: { propose: string | undefined; advance: string | undefined }
  /** What was asked for since the last tick. */
  readonly asked: Set<string>
  /** Views whose certificates were asked for since then, both ends included. */
  readonly askedViews: { readonly from: number; readonly to: number }[]
  /** Who spoke of a later epoch since the last tick, and of which. */
  readonly lagging: Map<string | undefined, number>
  /** Whom the host was told of since it last got further. */
  readonly namedLagging: Set<string | undefined>
  early: { readonly message: Message; readonly from: string | undefined }[]
  readonly adoption: Adoption
}

/**
 * Up to where unknown statements of our own key may be of an earlier life whose disk is lost: they are adopted, and bind.
 * Later ones were made while we run, by somebody else who holds the key. The place moves with our view while `ticksLeft`.
 */
export interface Adoption {
  epoch: number
  view: number
  ticksLeft: number
}

const indexOfKey = (set: ValidatorSet, publicKey: Uint8Array | undefined): number =>
  publicKey === undefined ? -1 : set.members.findIndex((member) => equalBytes(member.blsPublicKey, publicKey))

/**
 * The view up to which all is decided, in the epoch of the next block. A crash while several blocks became final leaves a
 * head that was to become final by a block above it: then its own view is decided, and what lies above is in the journal.
 */
const finalViewOf = (head: FinalHead, epoch: number, epochBlocks: number): number => {
  const { header } = head.block
  if (header.height === 0 || isLastBlockOfEpoch(header.height, { epochBlocks })) return -1
  assert(header.epoch === epoch, 'the validator set must be that of the next block', { epoch, head: header.epoch })
  return head.finalization?.view ?? header.view
}

export function createState(options: SimplexOptions): SimplexState {
  const { head, context } = options
  const finalView = finalViewOf(head, context.set.epoch, options.epochBlocks)
  return {
    options,
    out: [],
    phase: 'new',
    head,
    headVotes: undefined,
    set: context.set,
    randomness: context.randomness,
    totalPower: totalPower(context.set),
    me: indexOfKey(context.set, options.signer?.publicKey),
    view: finalView + 1,
    leader: undefined,
    enteredBy: head.finalization,
    finalView,
    views: new Map(),
    notarized: new Map(),
    blocks: new Map(),
    finalization: undefined,
    tipView: -1,
    tipHash: head.block.hash,
    formed: [],
    timers: { propose: undefined, advance: undefined },
    asked: new Set(),
    askedViews: [],
    lagging: new Map(),
    namedLagging: new Set(),
    early: [],
    adoption: { epoch: context.set.epoch, view: finalView + 1, ticksLeft: ADOPT_TICKS },
  }
}

/** Starts over on another epoch: nothing said in one epoch counts in the next. */
export function resetToEpoch(s: SimplexState, head: FinalHead, context: EpochContext): void {
  s.head = head
  s.set = context.set
  s.randomness = context.randomness
  s.totalPower = totalPower(context.set)
  s.me = indexOfKey(context.set, s.options.signer?.publicKey)
  s.finalView = finalViewOf(head, context.set.epoch, s.options.epochBlocks)
  s.views.clear()
  s.notarized.clear()
  s.blocks.clear()
  s.formed.length = 0
  s.askedViews.length = 0
  s.finalization = undefined
  s.tipView = -1
  s.tipHash = head.block.hash
}

/** The state of a view, created at need. Callers have checked that the view is within bounds. */
export function viewAt(s: SimplexState, view: number): ViewState {
  const known = s.views.get(view)
  if (known !== undefined) return known
  const created: ViewState = {
    view,
    proposal: undefined,
    votes: { notarize: new Map(), nullify: new Map(), finalize: new Map() },
    certificates: {},
    reported: new Set(),
    isBuildAsked: false,
  }
  s.views.set(view, created)
  return created
}

export const emit = (s: SimplexState, output: Output): void => {
  s.out.push(output)
}

export function halt(s: SimplexState, code: HaltCode, message: string): void {
  s.phase = 'halted'
  emit(s, { type: 'halt', code, message })
}

export const canSign = (s: SimplexState): boolean => s.phase === 'running' && s.me >= 0

/**
 * Whether a new statement of ours may be made about a view. Not at or below the place up to which an earlier life may have
 * signed what this disk does not hold; what the journal does hold is sent again all the same.
 */
export const canSignIn = (s: SimplexState, view: number): boolean =>
  canSign(s) && isAfter(s.options.barredUpTo, s.set.epoch, view)

const isAfter = (place: Place | undefined, epoch: number, view: number): boolean =>
  place === undefined || epoch > place.epoch || (epoch === place.epoch && view > place.view)

/**
 * Whether a statement of our own key that we do not know was made elsewhere, and is no echo of an earlier life: that may have
 * signed whatever is barred now, and anybody can say it again at any time.
 */
export const isMadeElsewhere = ({ adoption, options }: SimplexState, epoch: number, view: number): boolean =>
  adoption.ticksLeft === 0 && isAfter(adoption, epoch, view) && isAfter(options.barredUpTo, epoch, view)

/** A verified statement of our own key that we do not know. It binds us either way. */
export function noteUnknownOwn(s: SimplexState, view: number): void {
  if (isMadeElsewhere(s, s.set.epoch, view)) emit(s, { type: 'keyElsewhere', epoch: s.set.epoch, view })
}

/** Index of a view's leader. The last answer is kept, for the present view is asked about at every step. */
export function leaderAt(s: SimplexState, view: number): number {
  if (s.leader?.view !== view || s.leader.epoch !== s.set.epoch) {
    s.leader = { epoch: s.set.epoch, view, index: leaderOf(s.set, s.randomness, view) }
  }
  return s.leader.index
}

/** What this validator itself voted, in this life or an earlier one. */
export const ownVote = (s: SimplexState, view: number, kind: VoteKind): Vote | undefined =>
  s.views.get(view)?.votes[kind].get(s.me)?.vote

export const isNullified = (s: SimplexState, view: number): boolean =>
  s.views.get(view)?.certificates.nullify !== undefined

export const isHead = (s: SimplexState, hash: Hash): boolean => equalBytes(hash, s.head.block.hash)

export const heldBlock = (s: SimplexState, hash: Hash): HeldBlock | undefined => s.blocks.get(hexKey(hash))

export const isValidBlock = (s: SimplexState, hash: Hash): boolean =>
  isHead(s, hash) || heldBlock(s, hash)?.status === 'valid'

export const isEpochEnd = (s: SimplexState, block: Block): boolean => isLastBlockOfEpoch(block.header.height, s.options)

/** Newest notarization of a block of this epoch, or the head's own. */
export const notarizationOf = (s: SimplexState, hash: Hash): Certificate | undefined =>
  isHead(s, hash) ? s.head.notarization : s.notarized.get(hexKey(hash))

/** Whether a quorum stands behind the block: notarised or final. */
export const isCertified = (s: SimplexState, hash: Hash): boolean =>
  s.notarized.has(hexKey(hash)) || (s.finalization !== undefined && equalBytes(s.finalization.blockHash, hash))

/** The lowest view strictly between two that has no nullification here. */
export function firstGap(s: SimplexState, after: number, before: number): number | undefined {
  for (let view = after + 1; view < before; view++) if (!isNullified(s, view)) return view
  return undefined
}

/**
 * Nullified views since the last finalization: how often the timers have doubled. Views that we jumped over and know
 * nothing of do not count: ours would be far longer than everybody else's, who may wait for our vote.
 */
export function nullifiedRun(s: SimplexState): number {
  const settled = Math.max(s.finalView, s.finalization?.view ?? -1)
  let run = 0
  for (const { view, certificates } of s.views.values()) {
    const isOver = view > settled && view < s.view
    if (isOver && certificates.nullify !== undefined && certificates.notarize === undefined) run++
  }
  return run
}
