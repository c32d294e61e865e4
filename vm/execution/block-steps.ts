/** What a block does besides its transactions: before the first and after the last of them. PROTOCOL 3, 5, 6, 7. */
import { assert } from '../../core/errors.ts'
import { expireNullifiers } from '../compute/nullifiers.ts'
import { payChunk } from '../compute/payouts.ts'
import { changeEpoch } from '../epoch.ts'
import { recordHeight } from '../lanes/commit.ts'
import { nextRandomness } from '../leader.ts'
import { isLastBlockOfEpoch } from '../params.ts'
import { distributeRewards } from '../rewards.ts'
import { countViews } from '../staking/views.ts'
import { randomness, recentBlocks } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import type { BlockContext, ExecutionRules } from './types.ts'

/** A block's own hash covers its state root, so each block records its parent. */
export function recordParent(state: StateView, context: BlockContext, rules: ExecutionRules): void {
  const { parent, height } = context
  const { hash, seqCommit, timestampMs } = parent
  state.set(recentBlocks, parent.height, { hash, seqCommit, timestampMs })
  const isActive = hasVprogs(rules, height)
  if (isActive) recordHeight(state, context, rules.params)
  // One more than the window where lanes are: their inactivity shortcut is the commitment just beyond it.
  const forgotten = parent.height - rules.params.laneWindowBlocks - (isActive ? 1 : 0)
  if (forgotten >= 0) state.delete(recentBlocks, forgotten)
}

/** Whether kinds 16 and 17 may stand in a block of this height, and its header commits to lanes. PROTOCOL 8. */
export const hasVprogs = ({ vprogs }: ExecutionRules, height: number): boolean =>
  vprogs !== undefined && height >= vprogs.fromHeight

export function beginBlock(state: StateView, context: BlockContext, rules: ExecutionRules): void {
  recordParent(state, context, rules)
  payChunk(state)
  expireNullifiers(state, context.height, rules.params)
  countViews(state, context, rules)
}

export function endBlock(
  state: StateView,
  context: BlockContext,
  rules: ExecutionRules,
  priorityFeesWei: bigint,
): void {
  distributeRewards(state, context, rules, priorityFeesWei)
  const before = state.get(randomness, undefined)
  assert(before !== undefined, 'the state has no randomness')
  state.set(randomness, undefined, nextRandomness(before, context.randomnessReveal))
  if (isLastBlockOfEpoch(context.height, rules.params)) changeEpoch(state, context, rules)
}
