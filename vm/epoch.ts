/**
 * The end of an epoch, run after everything else in its last block: rewards are distributed and the randomness is R'.
 *
 * In this order: absent validators are jailed; the set two epochs ahead is fixed from what is left and from the epoch's
 * work; the worker pool is queued for payment; the next epoch opens with its difficulty, its randomness and the wei the
 * division left over (the whole pool when nobody worked); records that no rule reads any more are deleted.
 * Jail ends by UNJAIL alone. Source: PROTOCOL 5, 6.2 (retarget), 7.
 *
 * Kept while epoch c runs: records of epochs c-2 to c, `epochValidators` of c-1 and c, validator sets of
 * c-unbondingEpochs (evidence) to c+1. Nothing is scanned: every deletion is by key.
 */
import { assert } from '../core/errors.ts'
import { retarget } from './compute/difficulty.ts'
import { queueEpochPayouts } from './compute/payouts.ts'
import type { BlockContext, ExecutionRules } from './execution/types.ts'
import type { ChainParams } from './params.ts'
import { forgetEpochValidators } from './staking/epoch-validators.ts'
import { jailAbsentees } from './staking/jail.ts'
import { selectSet } from './staking/selection.ts'
import { epochSets, epochs, randomness } from './state/tables.ts'
import type { StateView } from './state/view.ts'

function openNextEpoch(state: StateView, epoch: number, params: ChainParams): void {
  const closing = state.get(epochs, epoch)
  const current = state.get(randomness, undefined)
  assert(closing !== undefined && current !== undefined, 'no record of the epoch that ends', { epoch })
  assert(state.get(epochs, epoch + 1) === undefined, 'the next epoch is open already', { epoch })
  const leftWei = queueEpochPayouts(state, epoch)
  state.set(epochs, epoch + 1, {
    difficultyMacs: retarget({ difficultyMacs: closing.difficultyMacs, workMacs: closing.workMacs, params }),
    workMacs: 0n,
    results: 0,
    workers: 0,
    poolWei: leftWei,
    randomness: current,
  })
}

/** Deletes what epoch `next` and later ones cannot ask for. */
function forget(state: StateView, next: number, params: ChainParams): void {
  if (next >= 3) {
    assert(state.get(epochs, next - 3)?.poolWei === 0n, 'a forgotten epoch still holds wei', { epoch: next - 3 })
    state.delete(epochs, next - 3)
  }
  if (next >= 2) forgetEpochValidators(state, next - 2)
  // The first block of an epoch pays the voters of the last one, so one older set stays even without unbonding time.
  const oldestSet = next - Math.max(1, params.unbondingEpochs)
  if (oldestSet >= 1) state.delete(epochSets, oldestSet - 1)
}

/** Ends `context.epoch`. The block must be its last. @throws QuernError `ASSERTION_FAILED` on an impossible state */
export function changeEpoch(state: StateView, context: BlockContext, rules: ExecutionRules): void {
  const { epoch } = context
  jailAbsentees(state, context, rules)
  state.set(epochSets, epoch + 2, selectSet(state, epoch, rules.params))
  openNextEpoch(state, epoch, rules.params)
  forget(state, epoch + 1, rules.params)
}
