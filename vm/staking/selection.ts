/** Who votes and leads two epochs from now. PROTOCOL 5, S9. */
import { compareBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { ChainParams } from '../params.ts'
import { candidates, epochSets, epochs, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import type { ValidatorSet } from '../validator-set.ts'
import { leaderWeights } from '../weights.ts'
import { byTokens } from './candidates.ts'
import { epochValidator } from './epoch-validators.ts'

/** The largest candidates that may serve: at least the minimum stake, neither jailed nor tombstoned. */
function elect(
  state: StateView,
  params: ChainParams,
): { address: Uint8Array; blsPublicKey: Uint8Array; power: bigint }[] {
  const eligible = (state.get(candidates, undefined) ?? []).filter(({ owner, tokens }) => {
    const validator = state.get(validators, owner)
    assert(validator !== undefined && validator.tokens === tokens, 'the candidates list disagrees with a validator')
    return !validator.tombstoned && validator.jailedUntilEpoch === 0 && tokens >= params.minStakeWei
  })
  return eligible
    .sort(byTokens)
    .slice(0, params.maxValidators)
    .sort((a, b) => compareBytes(a.owner, b.owner))
    .map(({ owner, tokens }) => {
      const validator = state.get(validators, owner)
      assert(validator !== undefined, 'an elected validator has no record')
      return { address: owner, blsPublicKey: validator.blsPublicKey, power: tokens }
    })
}

/**
 * The set of `epoch + 2`, from the candidates and the work at the end of `epoch`. If nobody is eligible, the newest set
 * (that of `epoch + 1`) goes on with its powers and weights.
 */
export function selectSet(state: StateView, epoch: number, params: ChainParams): ValidatorSet {
  const elected = elect(state, params)
  if (elected.length === 0) {
    const newest = state.get(epochSets, epoch + 1)
    assert(newest !== undefined, 'no validator set of the next epoch', { epoch })
    return { ...newest, epoch: epoch + 2 }
  }
  const record = state.get(epochs, epoch)
  assert(record !== undefined, 'no record of the current epoch', { epoch })
  const weights = leaderWeights({
    stakesWei: elected.map((member) => member.power),
    workMacs: elected.map((member) => epochValidator(state, epoch, member.address).workMacs),
    totalWorkMacs: record.workMacs,
    kappaBps: params.kappaBps,
  })
  return { epoch: epoch + 2, members: elected.map((member, i) => ({ ...member, weight: weights[i]! })) }
}
