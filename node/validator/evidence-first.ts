/** What a leader takes transactions from: its own evidence, and then the mempool. */
import type { Candidates } from '../../consensus/build.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { Transaction } from '../../vm/transaction/types.ts'

/**
 * `own` first, all of one sender, nonces in order. What waits of the same sender is left for a later block: its nonces are
 * taken in this one.
 */
export function evidenceFirst(own: readonly Transaction[], rest: Candidates): Candidates {
  const reporter = own[0]?.from
  if (reporter === undefined) return rest
  let waiting = [...own]
  let isOwn = false
  return {
    next: () => {
      const first = waiting.shift()
      isOwn = first !== undefined
      if (first !== undefined) return first
      let candidate = rest.next()
      while (candidate !== undefined && equalBytes(candidate.from, reporter)) {
        rest.skipSender()
        candidate = rest.next()
      }
      return candidate
    },
    skipSender: () => {
      if (isOwn) waiting = []
      else rest.skipSender()
    },
  }
}
