/**
 * A terminal on which a screen is redrawn in place: on the second page of the terminal, so that what was there before
 * comes back, each frame in one write, so that nothing flickers. Whatever ends the process, the cursor is given back.
 */

/** Of a Node.js TTY stream. */
export interface TtyStream {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
/** Terminals that know it show a frame when it is whole; others ignore it. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'
const HOME = '\x1b[H'
const CLEAR = '\x1b[2J'
const TO_END_OF_LINE = '\x1b[K'
const TO_END_OF_SCREEN = '\x1b[J'

/** Where a terminal does not say how large it is. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

export class Terminal {
  readonly #stream: TtyStream
  readonly #onResize: () => void
  #isOpen = false
  #resized = false

  /** @param redraw called when the size has changed */
  constructor(stream: TtyStream, redraw: () => void) {
    this.#stream = stream
    this.#onResize = () => {
      this.#resized = true
      redraw()
    }
  }

  get columns(): number {
    return this.#stream.columns ?? DEFAULT_COLUMNS
  }

  get rows(): number {
    return this.#stream.rows ?? DEFAULT_ROWS
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    process.on('exit', this.close)
    this.#stream.on('resize', this.#onResize)
    this.#stream.write(ENTER)
  }

  /** @param lines no more than `rows` and no wider than `columns`: longer ones would scroll */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return
    const erase = this.#resized ? CLEAR : ''
    this.#resized = false
    // Erased before it is written: behind a line as wide as the terminal, erasing would take its last character along.
    // No line feed after the last line, which would scroll a full screen.
    const last = lines.length - 1
    const body = lines.map((line, i) => `${i === last ? TO_END_OF_SCREEN : TO_END_OF_LINE}${line}`).join('\r\n')
    this.#stream.write(`${BEGIN_FRAME}${erase}${HOME}${body}${END_FRAME}`)
  }

  close = (): void => {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.close)
    this.#stream.off('resize', this.#onResize)
    this.#stream.write(LEAVE)
  }
}
