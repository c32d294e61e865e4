/** Proposals: ours and others'. S1, S2, S9. */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { epochOf } from '../../vm/params.ts'
import type { Block, Certificate, Proposal } from '../types.ts'
import { proposalBytes } from '../vote.ts'
import { castVote } from './ballot.ts'
import { fetchCertificates, holdBlock } from './blocks.ts'
import { PROPOSAL_VIEWS_AHEAD, PROPOSAL_VIEWS_BEHIND } from './limits.ts'
import {
  canSignIn,
  emit,
  firstGap,
  heldBlock,
  isCertified,
  isEpochEnd,
  isHead,
  isNullified,
  isValidBlock,
  leaderAt,
  noteUnknownOwn,
  ownVote,
  type SimplexState,
  type ViewState,
  viewAt,
} from './state.ts'
import { cancelTimer } from './timers.ts'
import type { Refusal } from './types.ts'
import { report } from './votes.ts'

/** Only the last block of an epoch may be proposed in a later view than its own (S9). */
const fitsView = (s: SimplexState, { header }: Block, view: number): boolean =>
  header.epoch === s.set.epoch &&
  epochOf(header.height, s.options) === s.set.epoch &&
  (header.view === view || (header.view < view && header.height % s.options.epochBlocks === 0))

/** The checks of a proposal of the present epoch that cost next to nothing and change nothing. */
export function proposalRefusal(s: SimplexState, { view, block }: Proposal): Refusal | undefined {
  // Ignore: the sender may be behind or ahead.
  if (view <= s.finalView) return { ignored: 'VIEW_PAST' }
  if (view > s.view + PROPOSAL_VIEWS_AHEAD) return { ignored: 'VIEW_AHEAD' }
  // Reject: no honest leader signs these, and no honest node forwards them.
  return fitsView(s, block, view) ? undefined : { rejected: 'PROPOSAL_SHAPE' }
}

/** Whether the leader of its view signed it. */
export function isLeaderSigned(s: SimplexState, proposal: Proposal): boolean {
  const { blsPublicKey } = s.set.members[leaderAt(s, proposal.view)]!
  const { genesisHash, scheme } = s.options
  return scheme.verify(blsPublicKey, proposalBytes(genesisHash, proposal), proposal.signature)
}

/** Takes a proposal of the present epoch. */
export function takeProposal(s: SimplexState, proposal: Proposal, isVerified: boolean): Refusal | undefined {
  const refusal = proposalRefusal(s, proposal)
  if (refusal !== undefined) return refusal
  const { view, block, signature } = proposal
  const slot = viewAt(s, view)
  const first = slot.proposal
  if (first === undefined || !equalBytes(first.blockHash, block.hash)) {
    const leader = leaderAt(s, view)
    if (slot.reported.has(leader)) return { ignored: 'PROPOSAL_KNOWN' }
    if (!isVerified && !isLeaderSigned(s, proposal)) return { rejected: 'PROPOSAL_SIGNATURE' }
    if (leader === s.me) noteUnknownOwn(s, view)
    slot.proposal ??= { blockHash: block.hash, signature }
    if (first !== undefined) {
      report(s, slot, leader, { type: 'proposal', ...first }, { type: 'proposal', blockHash: block.hash, signature })
    }
  }
  return takeBody(s, slot, block)
}

/** Of an equivocating leader, and of views that we left, only a block that a quorum stands behind is worth its room. */
function takeBody(s: SimplexState, slot: ViewState, block: Block): Refusal | undefined {
  if (heldBlock(s, block.hash) !== undefined || isHead(s, block.hash)) return { ignored: 'PROPOSAL_KNOWN' }
  const isFirst = slot.proposal !== undefined && equalBytes(slot.proposal.blockHash, block.hash)
  const isRecent = slot.view >= s.view - PROPOSAL_VIEWS_BEHIND
  if (!isCertified(s, block.hash) && !(isFirst && isRecent)) return { ignored: 'PROPOSAL_KNOWN' }
  return holdBlock(s, block) ? undefined : { rejected: 'BLOCK_BODY' }
}

/** The block proposed in the present view, when it is one that the host may have to execute to vote on it. */
export function proposedBlock(s: SimplexState): Hash | undefined {
  const hash = s.views.get(s.view)?.proposal?.blockHash
  if (hash === undefined || heldBlock(s, hash)?.block.header.view !== s.view) return undefined
  return hash
}

/**
 * The view of the notarization that a proposal stands on: its parent's, or, for the epoch's last block proposed again, its
 * own newest. Nothing while that notarization is not here.
 */
function baseView(s: SimplexState, block: Block, view: number): number | undefined {
  const hash = block.header.view < view ? block.hash : block.header.parentHash // S9
  if (isHead(s, hash)) return s.finalView
  return s.notarized.get(hexKey(hash))?.view
}

/** S2. */
export function voteNotarize(s: SimplexState): boolean {
  const { view } = s
  const hash = s.views.get(view)?.proposal?.blockHash
  if (hash === undefined || !canSignIn(s, view)) return false
  if (ownVote(s, view, 'notarize') !== undefined || ownVote(s, view, 'nullify') !== undefined) return false
  const held = heldBlock(s, hash)
  if (held === undefined || held.status === 'invalid') return false
  const base = baseView(s, held.block, view)
  if (base === undefined) {
    // A first proposal brings its parent's notarization along; a repeated one leaves it to us.
    if (held.block.header.view < view) fetchCertificates(s, held.block.header.view, view - 1)
    return false
  }
  const gap = firstGap(s, base, view)
  if (gap !== undefined) {
    fetchCertificates(s, gap, view - 1)
    return false
  }
  if (held.status !== 'valid') return false
  cancelTimer(s, 'propose')
  castVote(s, 'notarize', view, hash)
  return true
}

/** What the leader of a view extends: the highest notarised block above which every view is nullified. */
interface Parent {
  readonly hash: Hash
  readonly notarization: Certificate | undefined
}

/** Either the parent, or the view about which a certificate is missing. */
function highestNotarized(s: SimplexState, view: number): Parent | number {
  for (let below = view - 1; below > s.finalView; below--) {
    const notarization = s.views.get(below)?.certificates.notarize
    if (notarization !== undefined) return { hash: notarization.blockHash, notarization }
    if (!isNullified(s, below)) return below
  }
  return { hash: s.head.block.hash, notarization: s.head.notarization }
}

/** The first of the views up to this one that nothing is known of: asked for from there, one answer brings as many as it holds. */
function lowestUnknown(s: SimplexState, view: number): number {
  let lowest = view
  while (lowest - 1 > s.finalView && !isSettled(s, lowest - 1)) lowest--
  return lowest
}

const isSettled = (s: SimplexState, view: number): boolean =>
  isNullified(s, view) || s.views.get(view)?.certificates.notarize !== undefined

/** S1, the leader's part, once in a view. */
export function lead(s: SimplexState): boolean {
  const { view } = s
  if (!canSignIn(s, view) || leaderAt(s, view) !== s.me) return false
  const slot = viewAt(s, view)
  if (slot.proposal !== undefined || slot.isBuildAsked || ownVote(s, view, 'nullify') !== undefined) return false
  const parent = highestNotarized(s, view)
  if (typeof parent === 'number') {
    fetchCertificates(s, lowestUnknown(s, parent), view - 1)
    return false
  }
  if (!isValidBlock(s, parent.hash)) return false
  const held = heldBlock(s, parent.hash)
  if (held !== undefined && isEpochEnd(s, held.block)) {
    propose(s, held.block) // S9
    return true
  }
  slot.isBuildAsked = true
  emit(s, {
    type: 'build',
    epoch: s.set.epoch,
    view,
    parentHash: parent.hash,
    parentCertificate: parent.notarization,
  })
  return true
}

/** The host's answer to `build`. Nothing is proposed any more in a view that we left or voted to nullify. */
export function onBuilt(s: SimplexState, epoch: number, view: number, block: Block): void {
  if (epoch !== s.set.epoch || view !== s.view || !canSignIn(s, view)) return
  const slot = viewAt(s, view)
  if (!slot.isBuildAsked || slot.proposal !== undefined || ownVote(s, view, 'nullify') !== undefined) return
  assert(fitsView(s, block, view) && block.header.view === view, 'the built block does not fit its view', {
    epoch,
    view,
  })
  assert(holdBlock(s, block), 'the built block has another body than its header says')
  propose(s, block)
}

/** Signs a block of our own, or the epoch's last one again. One proposal in a view, in this life and any other (S7). */
function propose(s: SimplexState, block: Block): void {
  const { signer, genesisHash } = s.options
  const slot = viewAt(s, s.view)
  const held = heldBlock(s, block.hash)
  assert(slot.proposal === undefined, 'a view has one proposal', { view: s.view })
  assert(signer !== undefined && held !== undefined, 'only a validator that holds the block proposes it')
  const unsigned = { epoch: s.set.epoch, view: s.view, block }
  const proposal: Proposal = { ...unsigned, signature: signer.sign(proposalBytes(genesisHash, unsigned)) }
  slot.proposal = { blockHash: block.hash, signature: proposal.signature }
  held.status = 'valid'
  held.isPersisted = true
  emit(s, { type: 'persist', record: { type: 'proposal', proposal } })
  emit(s, { type: 'broadcast', message: { type: 'proposal', proposal } })
}
