/** From one epoch to the next, and jumps that the host made. S8, S9. */
import { assert } from '../../core/errors.ts'
import type { Message } from '../types.ts'
import { settleHead } from './blocks.ts'
import { MAX_EARLY_MESSAGES, MAX_EARLY_PROPOSALS } from './limits.ts'
import { resetToEpoch, type SimplexState } from './state.ts'
import { enterView } from './timers.ts'
import type { EpochContext, FinalHead, Refusal } from './types.ts'

/** A message of a later epoch: kept while it can only be a little early, and a sign that we may be behind. */
export function takeEarlyMessage(
  s: SimplexState,
  epoch: number,
  message: Message,
  from: string | undefined,
): Refusal | undefined {
  if (s.phase === 'running') s.lagging ??= { epoch, from }
  const proposals = s.early.filter((early) => early.message.type === 'proposal').length
  const hasRoom =
    s.early.length < MAX_EARLY_MESSAGES && (message.type !== 'proposal' || proposals < MAX_EARLY_PROPOSALS)
  if (epoch !== s.set.epoch + 1 || !hasRoom) return { ignored: 'EPOCH_AHEAD' }
  s.early.push({ message, from })
  return undefined
}

/**
 * S9: the next epoch starts at view 0, entered by the finalization of this one's last block.
 * @returns messages that came too early
 */
export function onEpochSet(s: SimplexState, context: EpochContext): SimplexState['early'] {
  if (s.phase !== 'handover') return []
  assert(context.set.epoch === s.set.epoch + 1, 'epochs follow one another', { epoch: context.set.epoch })
  return startEpoch(s, s.head, context)
}

function startEpoch(s: SimplexState, head: FinalHead, context: EpochContext): SimplexState['early'] {
  const early = s.early
  s.early = []
  s.lagging = undefined
  resetToEpoch(s, head, context)
  s.phase = 'running'
  enterView(s, s.finalView + 1, head.finalization)
  return early
}

/** The host is further than we are. Own votes of views that are still open stay binding. */
export function onSynced(s: SimplexState, head: FinalHead, context: EpochContext): SimplexState['early'] {
  const isNewer = head.block.header.height > s.head.block.header.height
  if (!isNewer || context.set.epoch < s.set.epoch) return []
  s.headVotes = undefined
  if (context.set.epoch > s.set.epoch) return startEpoch(s, head, context)
  assert(
    head.finalization !== undefined && head.notarization !== undefined,
    'a synced head comes with its certificates',
  )
  settleHead(s, head)
  if (s.view <= s.finalView) enterView(s, s.finalView + 1, head.finalization)
  return []
}
