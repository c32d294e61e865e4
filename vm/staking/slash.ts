/** Slashing: the same part of the bond and of everything that has left it but not matured is burned. PROTOCOL 5. */
import type { Address } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { ChainParams } from '../params.ts'
import { unbondingPools, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { BPS } from './accrual.ts'
import { refreshCandidate } from './candidates.ts'
import { unmaturedEpochs } from './unbonding.ts'

const partOf = (amountWei: bigint, bps: number): bigint => (amountWei * BigInt(bps)) / BPS

/**
 * Burns `bps` basis points, rounded down in each pool. Touches at most 1 + `unbondingEpochs` pools.
 *
 * All unmatured pools pay, those too that left before the fault: when exactly a stake stopped backing the validator's
 * votes is not worth a record per position.
 * @param epoch of the block
 * @returns wei burned
 */
export function slash(state: StateView, owner: Address, bps: number, epoch: number, params: ChainParams): bigint {
  const validator = state.get(validators, owner)
  assert(validator !== undefined, 'no record of the validator to slash')
  let burnedWei = partOf(validator.tokens, bps)
  state.set(validators, owner, { ...validator, tokens: validator.tokens - burnedWei })
  for (const poolEpoch of unmaturedEpochs(epoch, params)) {
    const key = { validator: owner, epoch: poolEpoch }
    const pool = state.get(unbondingPools, key)
    if (pool === undefined) continue
    const partWei = partOf(pool.tokens, bps)
    state.set(unbondingPools, key, { ...pool, tokens: pool.tokens - partWei })
    burnedWei += partWei
  }
  state.burn(burnedWei)
  refreshCandidate(state, owner)
  return burnedWei
}
