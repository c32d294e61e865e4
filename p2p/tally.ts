/** Counters of a running node, for metrics. */
import type { P2pCounters } from './options.ts'

export class Tally {
  readonly #messagesIn: Record<string, number> = {}
  readonly #messagesOut: Record<string, number> = {}
  readonly #dropped: Record<string, number> = {}
  readonly #penalties: Record<string, number> = {}
  #bytesIn = 0
  #bytesOut = 0
  #bans = 0

  /** `name`: way and type, such as `direct/vote`, `gossip/tx` or `request/range`. */
  received(name: string, bytes: number): void {
    count(this.#messagesIn, name)
    this.#bytesIn += bytes
  }

  sent(name: string, bytes: number): void {
    count(this.#messagesOut, name)
    this.#bytesOut += bytes
  }

  dropped(queue: string): void {
    count(this.#dropped, queue)
  }

  penalty(code: string): void {
    count(this.#penalties, code)
  }

  banned(): void {
    this.#bans++
  }

  counters(): P2pCounters {
    return {
      messagesIn: { ...this.#messagesIn },
      messagesOut: { ...this.#messagesOut },
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      dropped: { ...this.#dropped },
      penalties: { ...this.#penalties },
      bans: this.#bans,
    }
  }
}

/** Names come from our own tables, so there are only so many. */
const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}
