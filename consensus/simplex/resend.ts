/** S8: what was sent may be lost, so it is sent again until it no longer matters. */
import { nextLagging } from './lagging.ts'
import { RESEND_VIEWS } from './limits.ts'
import { emit, heldBlock, leaderAt, type SimplexState } from './state.ts'
import { startResendTimer } from './timers.ts'

/** Every D. What was asked for and did not come may be asked for again. */
export function onResendTimer(s: SimplexState): void {
  s.asked.clear()
  s.askedViews.length = 0
  const lagging = s.phase === 'running' ? nextLagging(s) : undefined
  if (lagging !== undefined) emit(s, { type: 'lagging', ...lagging })
  if (s.adoption.ticksLeft > 0) s.adoption.ticksLeft--
  resend(s)
  startResendTimer(s)
}

/**
 * Own votes of the views that are not final, our proposal of this view, and the certificate by which it was entered. An
 * observer leaves that to the validators.
 */
export function resend(s: SimplexState): void {
  if (s.me < 0) return
  if (s.enteredBy !== undefined) {
    emit(s, { type: 'broadcast', message: { type: 'certificate', certificate: s.enteredBy } })
  }
  resendProposal(s)
  const open = [...s.views.values()].filter((slot) => slot.view > s.view - RESEND_VIEWS)
  for (const { votes } of open.sort((a, b) => a.view - b.view)) {
    for (const kind of ['notarize', 'nullify', 'finalize'] as const) {
      const own = votes[kind].get(s.me)
      if (own !== undefined) emit(s, { type: 'broadcast', message: { type: 'vote', vote: own.vote } })
    }
  }
}

function resendProposal(s: SimplexState): void {
  const seen = s.views.get(s.view)?.proposal
  if (seen === undefined || leaderAt(s, s.view) !== s.me) return
  const held = heldBlock(s, seen.blockHash)
  if (held === undefined) return
  const proposal = { epoch: s.set.epoch, view: s.view, block: held.block, signature: seen.signature }
  emit(s, { type: 'broadcast', message: { type: 'proposal', proposal } })
}
