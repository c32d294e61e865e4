/**
 * Keeps execution and the commit of a final block apart. While a block is being written, the store may already show its
 * effects though the tree's last final block is still the one before: a state that no block has. So execution, which is
 * synchronous, begins only between commits.
 */
export class CommitGate {
  #commit: Promise<void> | undefined

  /**
   * The end of the commit under way; undefined when there is none. Wait by `while (gate.busy !== undefined) await gate.busy`: what
   * follows until the next `await` then meets one block's state. A promise of "idle" would not do, for whoever awaits it
   * goes on some turns later, and by then the next of several commits in a row has begun.
   */
  get busy(): Promise<void> | undefined {
    return this.#commit
  }

  /** Runs a commit, from its first write to the tree's new final block. One at a time: the caller awaits each. */
  async during(commit: () => Promise<void>): Promise<void> {
    let finish: () => void = () => {}
    this.#commit = new Promise((resolve) => {
      finish = resolve
    })
    try {
      await commit()
    } finally {
      this.#commit = undefined
      finish()
    }
  }
}
