/** Signs that others are further than we are. Unverified, so each sender gets one, and each gets its turn. S8. */
import { MAX_LAGGING_SENDERS } from './limits.ts'
import type { SimplexState } from './state.ts'

/** One claim of each sender; the host hears of it at the next tick. */
export function noteLagging(s: SimplexState, epoch: number, from: string | undefined): void {
  if (s.lagging.has(from) || s.lagging.size >= MAX_LAGGING_SENDERS) return
  s.lagging.set(from, epoch)
}

/** Whom to ask now: one that was not named since we last got further, so that nobody can stay the only one. */
export function nextLagging(
  s: SimplexState,
): { readonly epoch: number; readonly from: string | undefined } | undefined {
  if (s.lagging.size === 0) return undefined
  if ([...s.lagging.keys()].every((from) => s.namedLagging.has(from))) s.namedLagging.clear()
  for (const [from, epoch] of s.lagging) {
    if (s.namedLagging.has(from)) continue
    if (s.namedLagging.size >= MAX_LAGGING_SENDERS) s.namedLagging.clear()
    s.namedLagging.add(from)
    s.lagging.clear()
    return { epoch, from }
  }
  return undefined
}
