/** Which leader views were used and which were missed, counted from the block's own place. PROTOCOL 5. */
import { assert } from '../../core/errors.ts'
import type { BlockContext, ExecutionRules } from '../execution/types.ts'
import { leaderOf } from '../leader.ts'
import { epochSets, epochs } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { addViews } from './epoch-validators.ts'

/**
 * Views counted as missed in one block, oldest first. After so many failed views the network was down rather than one
 * leader, and no block may do unbounded work; 1,024 is also how far ahead of itself a node accepts votes.
 */
export const MAX_COUNTED_GAP_VIEWS = 1_024

/**
 * Counts one proposed view for the proposer, and one missed view for the leader of every view between the parent's and
 * the block's. A parent of an earlier epoch, or genesis, stands before view 0. What happens after an epoch's last block
 * is counted for nobody: its re-proposals are not new blocks (S9).
 */
export function countViews(state: StateView, context: BlockContext, _rules: ExecutionRules): void {
  const { epoch, view, parent } = context
  const set = state.get(epochSets, epoch)
  const record = state.get(epochs, epoch)
  assert(set !== undefined && record !== undefined, 'no record of the current epoch', { epoch })

  const opensEpoch = parent.height === 0 || parent.epoch !== epoch
  const first = opensEpoch ? 0 : parent.view + 1
  const end = Math.min(view, first + MAX_COUNTED_GAP_VIEWS)
  const missed = new Map<number, number>()
  for (let gap = first; gap < end; gap++) {
    const leader = leaderOf(set, record.randomness, gap)
    missed.set(leader, (missed.get(leader) ?? 0) + 1)
  }
  for (const [leader, count] of missed) addViews(state, epoch, set.members[leader]!.address, { missed: count })
  addViews(state, epoch, context.proposer, { proposed: 1 })
}
