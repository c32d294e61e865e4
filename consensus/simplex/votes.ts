/**
 * Votes of others and our own: intake, evidence, quorum.
 *
 * A signature costs a thousand times more than anything else here, so votes wait unverified, one for each validator, and
 * are verified together when they would make a quorum. A vote that cannot be right beside the one that waits (another
 * block, another signature) has both verified at once, so a forged vote never keeps a true one out.
 */
import { equalBytes, type Hash } from '../../core/bytes.ts'
import type { SignedStatement } from '../../vm/transaction/types.ts'
import { isQuorum, type ValidatorSet } from '../../vm/validator-set.ts'
import { aggregateVotes, verifyCertificate } from '../certificate.ts'
import type { Certificate, Vote, VoteKind } from '../types.ts'
import { namesBlockRightly, verifyVote } from '../vote.ts'
import { VOTE_VIEWS_AHEAD, VOTE_VIEWS_BEHIND } from './limits.ts'
import { emit, noteUnknownOwn, type SimplexState, type StoredVote, type ViewState, viewAt } from './state.ts'
import type { Refusal } from './types.ts'

/** The checks of a vote of the present epoch that cost next to nothing and change nothing. */
export function voteRefusal(s: SimplexState, vote: Vote): Refusal | undefined {
  // Reject: no honest node forms or forwards these.
  if (vote.validator >= s.set.members.length) return { rejected: 'VOTE_SIGNER' }
  if (!namesBlockRightly(vote.kind, vote.blockHash)) return { rejected: 'VOTE_SHAPE' }
  // Ignore: the sender may be behind or ahead.
  if (vote.view <= s.finalView || vote.view < s.view - VOTE_VIEWS_BEHIND) return { ignored: 'VIEW_PAST' }
  if (vote.view > s.view + VOTE_VIEWS_AHEAD) return { ignored: 'VIEW_AHEAD' }
  return undefined
}

/** Takes a vote of the present epoch. */
export function takeVote(
  s: SimplexState,
  vote: Vote,
  from: string | undefined,
  isVerified: boolean,
): Refusal | undefined {
  const refusal = voteRefusal(s, vote)
  if (refusal !== undefined) return refusal
  const slot = viewAt(s, vote.view)
  const before = slot.votes[vote.kind].get(vote.validator)
  const isSameBlock = before !== undefined && equalBytes(before.vote.blockHash, vote.blockHash)
  const isSameVote = isSameBlock && equalBytes(before.vote.signature, vote.signature)
  if (isSameVote && isVerified) before.isVerified = true
  const isOurs = vote.validator === s.me
  // Beside a vote that is proven, only another block's notarize is news: it is evidence. A second finalize of a view is none
  // (PROTOCOL 5): honest validators finalize what a quorum notarised, so for two final blocks a third notarised both.
  // Of our own key, it is news all the same: we did not sign it.
  const isNews = before === undefined || !before.isVerified || (!isSameBlock && (vote.kind === 'notarize' || isOurs))
  if (isSameVote || !isNews || slot.reported.has(vote.validator)) return { ignored: 'VOTE_KNOWN' }

  const stored: StoredVote = { vote, isVerified, from }
  // Our own key is never taken on trust: what it signed, in whatever life, binds us.
  const isUrgent = before !== undefined || isOurs || s.options.voteChecks === 'each'
  if (isUrgent && !isVerified) {
    if (!verifyVote(vote, s.set, s.options.genesisHash, s.options.scheme)) return { rejected: 'VOTE_SIGNATURE' }
    stored.isVerified = true
  }
  if (isOurs) noteUnknownOwn(s, vote.view)
  if (before !== undefined && confirm(s, slot, before)) {
    // Signatures are unique, so `before` is about another block.
    if (isSameBlock || vote.kind !== 'notarize') return { ignored: 'VOTE_KNOWN' }
    report(s, slot, vote.validator, statementOf(before.vote), statementOf(vote))
    return undefined
  }
  storeVote(s, slot, stored)
  return undefined
}

/** Keeps a vote, looks for its contradiction, and forms the certificate if this was the last vote missing. */
export function storeVote(s: SimplexState, slot: ViewState, stored: StoredVote): void {
  const { vote } = stored
  slot.votes[vote.kind].set(vote.validator, stored)
  const opposite = vote.kind === 'finalize' ? 'nullify' : vote.kind === 'nullify' ? 'finalize' : undefined
  const other = opposite === undefined ? undefined : slot.votes[opposite].get(vote.validator)
  if (other !== undefined && confirm(s, slot, other) && confirm(s, slot, stored)) {
    report(s, slot, vote.validator, statementOf(other.vote), statementOf(vote))
  }
  tally(s, slot, vote.kind, vote.blockHash)
}

/** Verifies a waiting vote by itself. One that fails is dropped and its sender rejected. */
function confirm(s: SimplexState, slot: ViewState, stored: StoredVote): boolean {
  if (stored.isVerified) return true
  const { vote } = stored
  stored.isVerified = verifyVote(vote, s.set, s.options.genesisHash, s.options.scheme)
  if (!stored.isVerified) {
    if (slot.votes[vote.kind].get(vote.validator) === stored) slot.votes[vote.kind].delete(vote.validator)
    emit(s, { type: 'rejected', from: stored.from, code: 'VOTE_SIGNATURE' })
  }
  return stored.isVerified
}

function votesFor(slot: ViewState, kind: VoteKind, blockHash: Hash): StoredVote[] {
  return [...slot.votes[kind].values()].filter(({ vote }) => equalBytes(vote.blockHash, blockHash))
}

const hasQuorum = (s: SimplexState, votes: readonly StoredVote[]): boolean =>
  isQuorum(
    votes.reduce((sum, { vote }) => sum + s.set.members[vote.validator]!.power, 0n),
    s.totalPower,
  )

function tally(s: SimplexState, slot: ViewState, kind: VoteKind, blockHash: Hash): void {
  if (slot.certificates[kind] !== undefined) return
  let votes = votesFor(slot, kind, blockHash)
  if (!hasQuorum(s, votes)) return
  let certificate = sumVotes(s, s.set, votes)
  if (certificate === undefined) {
    votes = votes.filter((stored) => confirm(s, slot, stored))
    if (!hasQuorum(s, votes)) return
    certificate = sumVotes(s, s.set, votes)
  }
  if (certificate !== undefined) s.formed.push(certificate)
}

/** The certificate of these votes, verified as a whole; nothing when a vote among them is forged. Callers see to the quorum. */
export function sumVotes(s: SimplexState, set: ValidatorSet, votes: readonly StoredVote[]): Certificate | undefined {
  const { scheme, genesisHash } = s.options
  let certificate: Certificate
  try {
    certificate = aggregateVotes(
      votes.map(({ vote }) => vote),
      set,
      scheme,
    )
  } catch {
    // A signature that is no point of the group: some vote is forged.
    return undefined
  }
  const isProven = votes.every(({ isVerified }) => isVerified)
  return isProven || verifyCertificate(certificate, set, genesisHash, scheme) ? certificate : undefined
}

const statementOf = ({ kind, blockHash, signature }: Vote): SignedStatement => ({ type: kind, blockHash, signature })

/** Accountability: once for each validator and view. Both statements are verified. */
export function report(
  s: SimplexState,
  slot: ViewState,
  validator: number,
  first: SignedStatement,
  second: SignedStatement,
): void {
  if (slot.reported.has(validator)) return
  slot.reported.add(validator)
  const { address } = s.set.members[validator]!
  emit(s, {
    type: 'misbehaviour',
    evidence: { validator: address, epoch: s.set.epoch, view: slot.view, first, second },
  })
}
