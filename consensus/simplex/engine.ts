/**
 * Simplex: how the validators agree on the next block. PROTOCOL 5.
 *
 *     view v      leader          everyone                          everyone
 *                 proposes b ---> notarize(v, b) --- quorum -----> finalize(v, b) --- quorum ---> b is final
 *                                                      |
 *                    timeout ---> nullify(v) -- quorum |           (in v + 1 already)
 *                                                |     |
 *                                                v     v
 *                                              enter v + 1
 *
 * Source: Chan and Pass, "Simplex Consensus: A Simple and Fast Consensus Protocol", ePrint 2023/463. A quorum is more than
 * two thirds of the power. Rules as the code marks them:
 *
 *   S1  Entering a view starts two timers; its leader extends the highest notarised block with nullified views above it.
 *   S2  The first valid proposal on such a block gets our notarize vote, unless we voted to nullify.
 *   S3  A timer that fires makes us vote nullify, unless we voted finalize. After that: no notarize, no finalize here.
 *   S4  A notarization is stored, forwarded, answered with finalize unless we voted nullify, and opens the next view.
 *   S5  A nullification is stored, forwarded, and opens the next view.
 *   S6  A finalization makes the block and its ancestors final.
 *   S7  Votes and proposals, and what they rely on, are on disk before they leave; after a restart they bind.
 *   S8  Own votes of open views and the certificate that opened this one are sent again every D; what is missing is fetched.
 *   S9  An epoch's last block is proposed again, unchanged, until it is final; only that opens the next epoch.
 *
 * Where this leaves the paper: no dummy blocks, a block names its parent and the views between must hold
 * nullifications; quorums weigh power; a second, earlier timer for silent leaders; timers double while views fail; epochs.
 *
 * Safety, with less than a third of the power faulty: honest validators never both nullify and finalize a view, and notarize
 * once in it, so a view with a finalization has no nullification and one notarised block; every later proposal must pass
 * that view, which it can only do through that block. Liveness, once messages take at most D: a view with an honest
 * leader that all enter within D of each other gets notarised before any timer, and so final.
 *
 * The engine is a pure state machine: `step` takes one input and returns what the host has to do, in order. It reads no
 * clock and does no I/O; the host's timers, disk, peers and execution answer by further inputs. The same inputs give the same
 * outputs. A chain of one validator and an observer without a key run through the same code.
 */
import type { Hash } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { Block, Certificate, Message, Proposal } from '../types.ts'
import { onViewTimer } from './ballot.ts'
import { fetchMissing, finalise, moveTip, onValidated, takeFetchedBlock, validateNext } from './blocks.ts'
import { acceptCertificate, certificateRefusal, certificatesFrom, takeCertificate } from './certificates.ts'
import { onEpochSet, onSynced, takeEarlyMessage } from './epoch.ts'
import { isHeadVote, takeHeadVote, widestNotarization } from './head-votes.ts'
import { MAX_SETTLE_STEPS } from './limits.ts'
import {
  isLeaderSigned,
  lead,
  onBuilt,
  proposalRefusal,
  proposedBlock,
  takeProposal,
  voteNotarize,
} from './proposals.ts'
import { restore, start } from './recovery.ts'
import { onResendTimer } from './resend.ts'
import { createState, emit, heldBlock, isCertified, isMadeElsewhere, leaderAt, type SimplexState } from './state.ts'
import { RESEND_TIMER } from './timers.ts'
import type { FinalHead, IgnoreCode, Input, Output, Refusal, SimplexOptions } from './types.ts'
import { takeVote, voteRefusal } from './votes.ts'

export class Simplex {
  readonly #s: SimplexState

  /** @throws QuernError `ASSERTION_FAILED` when head, set and journal do not belong together */
  constructor(options: SimplexOptions) {
    this.#s = createState(options)
    restore(this.#s, options.records ?? [])
  }

  /**
   * What the host has to do about `input`, in order.
   * @throws QuernError `ASSERTION_FAILED` when the host breaks the contract of an input
   */
  step(input: Input): Output[] {
    const s = this.#s
    assert((s.phase === 'new') === (input.type === 'start'), 'start comes first, and once', { input: input.type })
    if (s.phase === 'halted') return []
    take(s, input)
    settle(s)
    return s.out.splice(0)
  }

  get epoch(): number {
    return this.#s.set.epoch
  }

  /** Voters of the present epoch. */
  get set(): ValidatorSet {
    return this.#s.set
  }

  get view(): number {
    return this.#s.view
  }

  /** Index in the epoch's set of the present view's leader. */
  get leader(): number {
    return leaderAt(this.#s, this.#s.view)
  }

  get head(): FinalHead {
    return this.#s.head
  }

  get isHalted(): boolean {
    return this.#s.phase === 'halted'
  }

  /** Whether a quorum stands behind a block above the head, as far as is known here. */
  isCertified(blockHash: Hash): boolean {
    return isCertified(this.#s, blockHash)
  }

  /**
   * What `step` would say to a message without looking at signatures and bodies, or at what else it holds; changes nothing.
   * For a host that verifies by itself what it passes on.
   */
  refusalOf(message: Message): Refusal | undefined {
    const s = this.#s
    return wrongTime(s, message) ?? (isLateHeadVote(s, message) ? undefined : cheapRefusal(s, message))
  }

  /** Whether the leader of its view signed a proposal of the present epoch. */
  isLeaderSigned(proposal: Proposal): boolean {
    return isLeaderSigned(this.#s, proposal)
  }

  /** Whether a statement of our own key that this engine does not know was made by somebody else: see `keyElsewhere`. */
  isMadeElsewhere(epoch: number, view: number): boolean {
    return isMadeElsewhere(this.#s, epoch, view)
  }

  /** A block that waits here, executed or not, its body checked: what a peer gets that asks for it. */
  block(hash: Hash): Block | undefined {
    return heldBlock(this.#s, hash)?.block
  }

  /**
   * What a peer gets that asks for certificates; older ones than the head's are the host's to serve. The host leaves out those that
   * it has not broadcast yet: what they stand on may not be on the disk (S7).
   */
  certificatesFrom(epoch: number, fromView: number): Certificate[] {
    return certificatesFrom(this.#s, epoch, fromView)
  }

  /** The widest notarization of a block, for the header that extends it: ask when building ends, for signers are paid by it. */
  widestNotarization(blockHash: Hash): Certificate | undefined {
    return widestNotarization(this.#s, blockHash)
  }
}

function take(s: SimplexState, input: Input): void {
  switch (input.type) {
    case 'start':
      start(s)
      break
    case 'message':
      answer(s, takeMessage(s, input.message, input.from, input.isVerified), input.from)
      break
    case 'timer':
      if (input.id === RESEND_TIMER) onResendTimer(s)
      else onViewTimer(s, input.id)
      break
    case 'built':
      onBuilt(s, input.epoch, input.view, input.block)
      break
    case 'validated':
      onValidated(s, input.blockHash, input.verdict)
      break
    case 'blockFetched':
      answer(s, takeFetchedBlock(s, input.block), input.from)
      break
    case 'epochSet':
      takeEarly(s, onEpochSet(s, input.context))
      break
    case 'synced':
      takeEarly(s, onSynced(s, input.head, input.context))
      break
  }
}

/** What the host scores the sender by. */
function answer(s: SimplexState, refusal: Refusal | undefined, from: string | undefined): void {
  if (refusal === undefined) return
  if ('ignored' in refusal) emit(s, { type: 'ignored', from, code: refusal.ignored })
  else emit(s, { type: 'rejected', from, code: refusal.rejected })
}

function takeEarly(s: SimplexState, early: SimplexState['early']): void {
  for (const { message, from } of early) answer(s, takeMessage(s, message, from), from)
}

const epochOfMessage = (message: Message): number => {
  switch (message.type) {
    case 'proposal':
      return message.proposal.epoch
    case 'vote':
      return message.vote.epoch
    case 'certificate':
      return message.certificate.epoch
  }
}

const isLateHeadVote = (s: SimplexState, message: Message): boolean =>
  message.type === 'vote' && isHeadVote(s, message.vote)

/** Of another epoch than ours, or while none is open. */
function wrongTime(s: SimplexState, message: Message): { readonly ignored: IgnoreCode } | undefined {
  const epoch = epochOfMessage(message)
  if (epoch > s.set.epoch) return { ignored: 'EPOCH_AHEAD' }
  return epoch < s.set.epoch || s.phase === 'handover' ? { ignored: 'EPOCH_PAST' } : undefined
}

function cheapRefusal(s: SimplexState, message: Message): Refusal | undefined {
  switch (message.type) {
    case 'proposal':
      return proposalRefusal(s, message.proposal)
    case 'vote':
      return voteRefusal(s, message.vote)
    case 'certificate':
      return certificateRefusal(s, message.certificate)
  }
}

function takeMessage(
  s: SimplexState,
  message: Message,
  from: string | undefined,
  isVerified = false,
): Refusal | undefined {
  if (message.type === 'vote' && isHeadVote(s, message.vote)) return takeHeadVote(s, message.vote, from, isVerified)
  const refusal = wrongTime(s, message)
  if (refusal?.ignored === 'EPOCH_AHEAD') return takeEarlyMessage(s, epochOfMessage(message), message, from)
  if (refusal !== undefined) return refusal
  switch (message.type) {
    case 'proposal':
      return takeProposal(s, message.proposal, isVerified)
    case 'vote':
      return takeVote(s, message.vote, from, isVerified)
    case 'certificate':
      return takeCertificate(s, message.certificate, isVerified)
  }
}

/** Applies the rules until none has anything left to do. */
function settle(s: SimplexState): void {
  for (let steps = 0; s.phase === 'running'; steps++) {
    assert(steps < MAX_SETTLE_STEPS, 'the rules do not settle', { epoch: s.set.epoch, view: s.view })
    const certificate = s.formed.shift()
    if (certificate !== undefined) acceptCertificate(s, certificate)
    else if (!applyRule(s)) break
  }
  if (s.phase === 'running') fetchMissing(s)
}

/** The order matters only outside: the tip moves before it becomes final, and both before we lead on it. */
const applyRule = (s: SimplexState): boolean =>
  validateNext(s, proposedBlock(s)) || moveTip(s) || finalise(s) || voteNotarize(s) || lead(s)
