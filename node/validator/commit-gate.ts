/**
 * Keeps execution and the commit of a final block apart. While a block is being written, the store may already show its
 * effects though the tree's last final block is still the one before: a state that no block has. So execution, which is
 * synchronous, begins only between commits.
 */
export class CommitGate {
  #commit: Promise<void> | undefined

  /** Resolves when no commit is under way. What the caller does before its next `await` meets one block's state. */
  async idle(): Promise<void> {
    while (this.#commit !== undefined) await this.#commit
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
