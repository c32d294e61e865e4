/** Casting our own votes: the only place where one is signed. S3, S7. */
import { equalBytes, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { Vote, VoteKind } from '../types.ts'
import { signVote } from '../vote.ts'
import { canSign, canSignIn, emit, ownVote, type SimplexState, viewAt } from './state.ts'
import { storeVote } from './votes.ts'

/** What would be evidence against us, or would break S3. */
function contradicts(s: SimplexState, kind: VoteKind, view: number, blockHash: Hash): boolean {
  const same = ownVote(s, view, kind)
  if (same !== undefined && !equalBytes(same.blockHash, blockHash)) return true
  if (kind === 'nullify') return ownVote(s, view, 'finalize') !== undefined
  return ownVote(s, view, 'nullify') !== undefined
}

/**
 * Signs, records, counts and sends a vote; does nothing when it was cast before, or when the view is barred.
 * @throws QuernError `ASSERTION_FAILED` rather than sign a contradiction
 */
export function castVote(s: SimplexState, kind: VoteKind, view: number, blockHash: Hash = ZERO_HASH): void {
  if (ownVote(s, view, kind) !== undefined && !contradicts(s, kind, view, blockHash)) return
  const { signer, genesisHash } = s.options
  assert(canSign(s) && signer !== undefined, 'only a validator of the epoch votes', { view })
  if (!canSignIn(s, view)) return
  assert(view > s.finalView, 'a final view is closed', { view, finalView: s.finalView })
  assert(!contradicts(s, kind, view, blockHash), 'this vote would contradict an earlier one', { kind, view })
  const vote: Vote = signVote({ kind, epoch: s.set.epoch, view, blockHash, validator: s.me }, genesisHash, signer)
  // S7: on disk before it leaves.
  emit(s, { type: 'persist', record: { type: 'vote', vote } })
  emit(s, { type: 'broadcast', message: { type: 'vote', vote } })
  storeVote(s, viewAt(s, view), { vote, isVerified: true, from: undefined })
}

/** S3. */
export function onViewTimer(s: SimplexState, id: string): void {
  const which = id === s.timers.propose ? 'propose' : id === s.timers.advance ? 'advance' : undefined
  if (which === undefined) return
  s.timers[which] = undefined
  if (!canSign(s) || ownVote(s, s.view, 'finalize') !== undefined) return
  castVote(s, 'nullify', s.view)
}
