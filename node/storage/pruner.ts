/** Forgets what a full node need not keep, a little after each final block, in the background. */
import type { ChainStore } from './chain-store.ts'
import { heldUnder, type Retention } from './retention.ts'

/**
 * Blocks and states forgotten for each one that comes: a store that was an archive's shrinks while the chain goes on, and
 * with a block a second pruning takes a small part of it. Between two of them a commit never waits for more than one.
 */
const STEPS_PER_BLOCK = 64

export class Pruner {
  readonly #store: ChainStore
  readonly #retention: Retention
  readonly #failed: (error: unknown) => void
  #running: Promise<void> | undefined
  #isStopped = false

  /** @param failed the disk does not take what is written */
  constructor(store: ChainStore, retention: Retention, failed: (error: unknown) => void) {
    this.#store = store
    this.#retention = retention
    this.#failed = failed
  }

  /** A block became final. */
  wake(): void {
    if (this.#isStopped) return
    this.#running ??= this.#run()
      .catch((error: unknown) => {
        if (!this.#isStopped) this.#failed(error)
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (let step = 0; step < STEPS_PER_BLOCK && !this.#isStopped; step++) {
      const wanted = heldUnder(this.#retention, this.#store.head.header.height)
      if (!(await this.#store.prune(wanted))) return
    }
  }
}
