/** Counts of what became of results, by reason. */
import type { WorkerEvent, WorkerStats } from './worker-events.ts'

type Counts = Pick<WorkerStats, 'submitted' | 'accepted' | 'rejected' | 'late' | 'rejectedBy' | 'lateBy'>

/** More than a node of ours has for results. */
const MAX_TAGS = 64

/** Tags come from nodes: one that makes them up must not fill anybody's memory. */
export class KnownTags {
  readonly #known = new Set<string>()

  /** The tag itself for the first MAX_TAGS different ones, `OTHER` for the rest. */
  of(tag: string): string {
    if (this.#known.size < MAX_TAGS) this.#known.add(tag)
    return this.#known.has(tag) ? tag : 'OTHER'
  }
}

export class Tally {
  readonly #counts = { submitted: 0, accepted: 0, rejected: 0, late: 0 }
  readonly #tags = new KnownTags()
  readonly #rejectedBy = new Map<string, number>()
  readonly #lateBy = new Map<string, number>()

  add(event: WorkerEvent): void {
    const { type } = event
    if (type === 'submitted' || type === 'accepted' || type === 'rejected' || type === 'late') this.#counts[type]++
    if (type === 'rejected') count(this.#rejectedBy, this.#tags.of(event.tag))
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

const count = (by: Map<string, number>, key: string): void => void by.set(key, (by.get(key) ?? 0) + 1)
