/** Counts of what became of results, by reason. */
import type { WorkerEvent, WorkerStats } from './worker-events.ts'

type Counts = Pick<WorkerStats, 'submitted' | 'accepted' | 'rejected' | 'late' | 'rejectedBy' | 'lateBy'>

/** Tags come from nodes: beyond this many a node makes them up, and they are counted as one. */
const MAX_TAGS = 64
const OTHER = 'OTHER'

export class Tally {
  readonly #counts = { submitted: 0, accepted: 0, rejected: 0, late: 0 }
  readonly #rejectedBy = new Map<string, number>()
  readonly #lateBy = new Map<string, number>()

  add(event: WorkerEvent): void {
    const { type } = event
    if (type === 'submitted' || type === 'accepted' || type === 'rejected' || type === 'late') this.#counts[type]++
    if (type === 'rejected') count(this.#rejectedBy, event.tag)
    if (type === 'late') count(this.#lateBy, event.reason)
  }

  counts(): Counts {
    return {
      ...this.#counts,
      rejectedBy: Object.fromEntries(this.#rejectedBy),
      lateBy: Object.fromEntries(this.#lateBy),
    }
  }
}

function count(by: Map<string, number>, tag: string): void {
  const key = by.has(tag) || by.size < MAX_TAGS ? tag : OTHER
  by.set(key, (by.get(key) ?? 0) + 1)
}
