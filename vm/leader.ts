/** Who leads a view, and the randomness that decides it. PROTOCOL 5. */
import { bytesToBigInt, type Hash, u64be } from '../core/bytes.ts'
import { assert } from '../core/errors.ts'
import { domainHash } from '../core/hash.ts'
import type { ValidatorSet } from './validator-set.ts'

/** R' = sha256(domain || R || reveal). The reveal is a unique signature, so a leader can withhold it but not choose it. */
export const nextRandomness = (randomness: Hash, reveal: Uint8Array): Hash =>
  domainHash('randomness', randomness, reveal)

/**
 * Index, in the set, of the leader of `view`: x = sha256(domain || R(e) || e || v) as a 256-bit integer mod the sum of
 * weights, found in the cumulative weights in ascending address order.
 */
export function leaderOf(set: ValidatorSet, randomness: Hash, view: number): number {
  const total = set.members.reduce((sum, member) => sum + member.weight, 0n)
  assert(total > 0n, 'the validator set has no weight', { epoch: set.epoch })
  let x = bytesToBigInt(domainHash('leader', randomness, u64be(set.epoch), u64be(view))) % total
  for (const [index, member] of set.members.entries()) {
    if (x < member.weight) return index
    x -= member.weight
  }
  return set.members.length - 1
}
