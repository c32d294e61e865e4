/**
 * Stake on its way out: one pool for each validator and epoch, so that slashing touches O(epochs) records whatever the
 * number of owners. Matured amounts are claimed, never swept. PROTOCOL 2.
 */
import type { Address } from '../../core/bytes.ts'
import type { ChainParams } from '../params.ts'
import { unbondingPools, unbondingPositions } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { deposit, weiOfShares, withdraw } from './shares.ts'

/** One owner's part of one pool. `epoch` is that in which the stake left the bond. */
export interface UnbondingKey {
  readonly validator: Address
  readonly epoch: number
  readonly owner: Address
}

const EMPTY_POOL = { tokens: 0n, shares: 0n }

/** From this epoch on the pool can be claimed and no longer slashed. */
export const maturityEpoch = (epoch: number, params: Pick<ChainParams, 'unbondingEpochs'>): number =>
  epoch + params.unbondingEpochs

/** Epochs whose pools can still be slashed in `epoch`: at most `unbondingEpochs`, oldest first. */
export function unmaturedEpochs(epoch: number, params: Pick<ChainParams, 'unbondingEpochs'>): number[] {
  const oldest = Math.max(0, epoch - params.unbondingEpochs + 1)
  return Array.from({ length: epoch - oldest + 1 }, (_, i) => oldest + i)
}

export function addUnbonding(state: StateView, key: UnbondingKey, amountWei: bigint): void {
  const { pool, shares } = deposit(state.get(unbondingPools, key) ?? EMPTY_POOL, amountWei)
  state.set(unbondingPools, key, pool)
  state.set(unbondingPositions, key, (state.get(unbondingPositions, key) ?? 0n) + shares)
}

/** Wei that the position is worth now; undefined when there is none. */
export function unbondingWei(state: StateView, key: UnbondingKey): bigint | undefined {
  const shares = state.get(unbondingPositions, key)
  return shares === undefined ? undefined : weiOfShares(state.get(unbondingPools, key) ?? EMPTY_POOL, shares)
}

/** Takes the whole position out. @returns wei now in no record: the caller credits it */
export function takeUnbonding(state: StateView, key: UnbondingKey): bigint {
  const shares = state.get(unbondingPositions, key) ?? 0n
  const { pool, amountWei } = withdraw(state.get(unbondingPools, key) ?? EMPTY_POOL, shares)
  state.delete(unbondingPositions, key)
  if (pool.shares === 0n) state.delete(unbondingPools, key)
  else state.set(unbondingPools, key, pool)
  return amountWei
}
