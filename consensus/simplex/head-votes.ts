/**
 * Votes that come after the quorum. The next block carries its parent's notarization, and signers are paid by it
 * (PROTOCOL 7), so a leader waits out its block interval and then carries as many signatures as it has.
 */
import { equalBytes, type Hash } from '../../core/bytes.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import { signerIndexes } from '../certificate.ts'
import type { Certificate, Vote } from '../types.ts'
import { verifyVote } from '../vote.ts'
import { isHead, notarizationOf, type SimplexState, type StoredVote } from './state.ts'
import type { Refusal } from './types.ts'
import { sumVotes } from './votes.ts'

/** Whether a vote is a late notarize vote for the head. */
export function isHeadVote(s: SimplexState, vote: Vote): boolean {
  const { notarization } = s.head
  if (notarization === undefined || s.headVotes === undefined || vote.kind !== 'notarize') return false
  return (
    vote.epoch === notarization.epoch &&
    vote.view === notarization.view &&
    equalBytes(vote.blockHash, notarization.blockHash) &&
    vote.validator < s.headVotes.set.members.length
  )
}

/** Keeps a vote of which `isHeadVote` is true. As before finality, a forged vote never keeps a true one out. */
export function takeHeadVote(
  s: SimplexState,
  vote: Vote,
  from: string | undefined,
  isVerified: boolean,
): Refusal | undefined {
  const { set, votes } = s.headVotes!
  const before = votes.get(vote.validator)
  if (before !== undefined && (before.isVerified || equalBytes(before.vote.signature, vote.signature))) {
    return { ignored: 'VOTE_KNOWN' }
  }
  const stored: StoredVote = { vote, isVerified, from }
  const isUrgent = before !== undefined || s.options.voteChecks === 'each'
  if (isUrgent && !isProven(s, set, stored)) return { rejected: 'VOTE_SIGNATURE' }
  votes.set(vote.validator, stored)
  return undefined
}

const powerOf = (set: ValidatorSet, validators: readonly number[]): bigint =>
  validators.reduce((sum, validator) => sum + (set.members[validator]?.power ?? 0n), 0n)

/**
 * The notarization of a block with every signature that came in, for the block that extends it. At least the one that is known;
 * nothing when none is. Costs a signature check for each vote that was not verified by itself.
 */
export function widestNotarization(s: SimplexState, blockHash: Hash): Certificate | undefined {
  const known = notarizationOf(s, blockHash)
  if (known === undefined) return undefined
  const ofHead = isHead(s, blockHash) ? s.headVotes : undefined
  const set = isHead(s, blockHash) ? ofHead?.set : s.set
  const votes = ofHead?.votes ?? s.views.get(known.view)?.votes.notarize
  if (set === undefined || votes === undefined || set.epoch !== known.epoch) return known
  const matching = [...votes.values()].filter(({ vote }) => equalBytes(vote.blockHash, blockHash))
  const knownPower = powerOf(set, signerIndexes(known.signers))
  if (powerOfVotes(set, matching) <= knownPower) return known
  const together = sumVotes(s, set, matching)
  if (together !== undefined) return together
  const proven = matching.filter((stored) => isProven(s, set, stored))
  return powerOfVotes(set, proven) <= knownPower ? known : sumVotes(s, set, proven)
}

const powerOfVotes = (set: ValidatorSet, votes: readonly StoredVote[]): bigint =>
  powerOf(
    set,
    votes.map(({ vote }) => vote.validator),
  )

function isProven(s: SimplexState, set: ValidatorSet, stored: StoredVote): boolean {
  stored.isVerified ||= verifyVote(stored.vote, set, s.options.genesisHash, s.options.scheme)
  return stored.isVerified
}
