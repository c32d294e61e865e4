/**
 * Views and their timers. S1, S3.
 *
 *     propose   block interval + 2D      no valid proposal by then: nullify
 *     advance   3D more                  no certificate by then: nullify
 *     resend    D, always running        S8
 */
import type { Certificate } from '../types.ts'
import { MAX_TIMER_FACTOR, PROPOSAL_VIEWS_BEHIND, VOTE_VIEWS_BEHIND } from './limits.ts'
import { emit, isCertified, nullifiedRun, type SimplexState } from './state.ts'

export const RESEND_TIMER = 'resend'

export function cancelTimer(s: SimplexState, which: 'propose' | 'advance'): void {
  const id = s.timers[which]
  if (id === undefined) return
  s.timers[which] = undefined
  emit(s, { type: 'cancelTimer', id })
}

function startTimer(s: SimplexState, which: 'propose' | 'advance', delayMs: number): void {
  // The id names its view, so that one that fired while it was being cancelled says nothing about another view.
  const id = `${which}/${s.set.epoch}/${s.view}`
  s.timers[which] = id
  emit(s, { type: 'setTimer', id, delayMs })
}

export const startResendTimer = (s: SimplexState): void =>
  emit(s, { type: 'setTimer', id: RESEND_TIMER, delayMs: s.options.networkDelayMs })

export function leaveView(s: SimplexState): void {
  cancelTimer(s, 'propose')
  cancelTimer(s, 'advance')
}

/** S1, without the leader's part. An observer has no vote to cast on a timer. */
export function enterView(s: SimplexState, view: number, by: Certificate | undefined): void {
  leaveView(s)
  s.view = view
  s.enteredBy = by
  if (s.adoption.ticksLeft > 0) Object.assign(s.adoption, { epoch: s.set.epoch, view })
  forgetOldViews(s)
  if (s.me < 0) return
  const factor = Math.min(MAX_TIMER_FACTOR, 2 ** nullifiedRun(s))
  const { blockIntervalMs, networkDelayMs } = s.options
  startTimer(s, 'propose', factor * (blockIntervalMs + 2 * networkDelayMs))
  startTimer(s, 'advance', factor * (blockIntervalMs + 5 * networkDelayMs))
}

function forgetOldViews(s: SimplexState): void {
  for (const [key, { block }] of s.blocks) {
    if (block.header.view < s.view - PROPOSAL_VIEWS_BEHIND && !isCertified(s, block.hash)) s.blocks.delete(key)
  }
  for (const slot of s.views.values()) {
    if (slot.view >= s.view - VOTE_VIEWS_BEHIND) continue
    // Own votes and certificates stay: they are what must not be contradicted and what proves the gaps.
    for (const votes of Object.values(slot.votes)) {
      for (const validator of votes.keys()) if (validator !== s.me) votes.delete(validator)
    }
  }
}
