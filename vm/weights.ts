/** Leader-election weights: stake and verified work, mixed in exact integers. PROTOCOL 5. */
import { assert } from '../core/errors.ts'

export interface WeightInput {
  /** s_i: bonded stake of each member of the set, in wei. */
  readonly stakesWei: readonly bigint[]
  /** m_i: verified work credited to each member, in MACs; same order. */
  readonly workMacs: readonly bigint[]
  /** W: all verified work of the epoch, in MACs, credited to members or not. */
  readonly totalWorkMacs: bigint
  /** Share of work against stake, in basis points. */
  readonly kappaBps: number
}

/**
 * `w_i = (10,000 - kappa) * s_i * W + kappa * (m_i * S + u * s_i)` with S = sum(s_i) and u = W - sum(m_i): work that no
 * member can claim counts for all of them by stake. Without any work `w_i = s_i`. The weights sum to 10,000 * S * W.
 */
export function leaderWeights({ stakesWei, workMacs, totalWorkMacs, kappaBps }: WeightInput): bigint[] {
  assert(stakesWei.length === workMacs.length, 'one amount of work for each stake')
  if (totalWorkMacs === 0n) return [...stakesWei]
  const stake = stakesWei.reduce((sum, s) => sum + s, 0n)
  const unclaimed = workMacs.reduce((left, m) => left - m, totalWorkMacs)
  assert(unclaimed >= 0n, 'members were credited with more work than there was')
  const kappa = BigInt(kappaBps)
  return stakesWei.map((s, i) => (10_000n - kappa) * s * totalWorkMacs + kappa * (workMacs[i]! * stake + unclaimed * s))
}
