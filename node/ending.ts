/** How a running node comes to its end by itself: at its halt height, or because it cannot go on. The first way counts. */
import { QuernError } from '../core/errors.ts'

export class Ending {
  /** Resolves at the halt height; rejects when the node cannot go on, with the reason. */
  readonly reached: Promise<void>
  #halt: () => void = () => undefined
  #reject: (error: unknown) => void = () => undefined
  #hasFailed = false

  constructor() {
    this.reached = new Promise((resolve, reject) => {
      this.#halt = resolve
      this.#reject = reject
    })
    // Whoever waits for it may come later.
    this.reached.catch(() => undefined)
  }

  get hasFailed(): boolean {
    return this.#hasFailed
  }

  halt(): void {
    this.#halt()
  }

  fail(error: unknown): void {
    // A block above the halt height became final together with the one at it.
    if (error instanceof QuernError && error.code === 'HALT_HEIGHT') {
      this.#halt()
      return
    }
    this.#hasFailed = true
    this.#reject(asDiskFailure(error))
  }
}

/** The store's errors carry LevelDB's or the operating system's code, and no advice. */
function asDiskFailure(error: unknown): unknown {
  if (error instanceof QuernError || !(error instanceof Error)) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || !/^(LEVEL_[A-Z_]+|E[A-Z]+)$/.test(code)) return error
  const why = error.cause instanceof Error ? error.cause.message : error.message
  return new QuernError(
    'DISK_FAILED',
    `the disk failed (${code}: ${why}): check its space and health, then start again; nothing final is lost`,
    {},
    { cause: error },
  )
}
