/** What was opened, oldest first: closed in the other order. */
export class Opened {
  readonly #ends: (() => Promise<void> | void)[] = []
  #closing: Promise<void> | undefined

  /** All that `open` makes, or nothing of it. @throws what `open` threw: it says more than what closing makes of it */
  static async whole<T>(open: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = new Opened()
    try {
      return await open(opened)
    } catch (error) {
      await opened.close().catch(() => undefined)
      throw error
    }
  }

  add(end: () => Promise<void> | void): void {
    this.#ends.push(end)
  }

  /** All of them, once, whatever one throws. @throws what the first that failed threw */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
