/** From one epoch to the next, and jumps that the host made. S8, S9. */
import { assert } from '../../core/errors.ts'
import type { Message } from '../types.ts'
import { settleHead } from './blocks.ts'
import { noteLagging } from './lagging.ts'
import { ADOPT_TICKS, MAX_EARLY_MESSAGES, MAX_EARLY_PER_SENDER, MAX_EARLY_PROPOSALS } from './limits.ts'
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
  if (s.phase === 'running') noteLagging(s, epoch, from)
  if (epoch !== s.set.epoch + 1 || !hasRoomForEarly(s, message, from)) return { ignored: 'EPOCH_AHEAD' }
  s.early.push({ message, from })
  return undefined
}

/** Every sender has a share, so that none takes the room of the others. */
function hasRoomForEarly(s: SimplexState, message: Message, from: string | undefined): boolean {
  if (s.early.length >= MAX_EARLY_MESSAGES) return false
  const own = s.early.filter((early) => early.from === from)
  if (own.length >= MAX_EARLY_PER_SENDER) return false
  if (message.type !== 'proposal') return true
  const proposals = s.early.filter((early) => early.message.type === 'proposal')
  return proposals.length < MAX_EARLY_PROPOSALS && !proposals.some((early) => early.from === from)
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
  s.lagging.clear()
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
  s.namedLagging.clear()
  // What an earlier life said may lie between: it is looked for again from here.
  s.adoption.ticksLeft = ADOPT_TICKS
  if (context.set.epoch > s.set.epoch) return startEpoch(s, head, context)
  assert(
    head.finalization !== undefined && head.notarization !== undefined,
    'a synced head comes with its certificates',
  )
  settleHead(s, head)
  if (s.view <= s.finalView) enterView(s, s.finalView + 1, head.finalization)
  return []
}
