/**
 * The list that validator sets are chosen from: the MAX_CANDIDATES validators with most tokens, by ascending address.
 *
 * It is bounded so that the epoch change is. A validator pushed off a full list returns with its next change of tokens,
 * if it is large enough by then.
 */
import { type Address, compareBytes, equalBytes } from '../../core/bytes.ts'
import { type Candidate, candidates, MAX_CANDIDATES, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'

/** Most tokens first; among equals the smaller address. */
export const byTokens = (a: Candidate, b: Candidate): number =>
  a.tokens === b.tokens ? compareBytes(a.owner, b.owner) : a.tokens > b.tokens ? -1 : 1

const byAddress = (a: Candidate, b: Candidate): number => compareBytes(a.owner, b.owner)

/** The list with `candidate` in it, or without it where it has no tokens. A full list loses its smallest. */
export function withCandidate(list: readonly Candidate[], candidate: Candidate): readonly Candidate[] {
  const others = list.filter((other) => !equalBytes(other.owner, candidate.owner))
  if (candidate.tokens === 0n) return others
  return [...others, candidate].sort(byTokens).slice(0, MAX_CANDIDATES).sort(byAddress)
}

/** To be called after every change of a validator's `tokens` or `tombstoned`. */
export function refreshCandidate(state: StateView, owner: Address): void {
  const validator = state.get(validators, owner)
  const tokens = validator === undefined || validator.tombstoned ? 0n : validator.tokens
  state.set(candidates, undefined, withCandidate(state.get(candidates, undefined) ?? [], { owner, tokens }))
}
