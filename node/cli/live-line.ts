/** Lines of a log, and under them one that is drawn over and over: how far something is that goes on. */

const CLEAR_LINE = '\r\u001b[K'

export class LiveLine {
  readonly #write: (line: string) => void
  readonly #stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>
  #shown = ''

  /** @param stream where `write` ends up; without a terminal there, what is live is a line like any other */
  constructor(write: (line: string) => void, stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>) {
    this.#write = write
    this.#stream = stream
  }

  get isDrawn(): boolean {
    return this.#stream.isTTY === true
  }

  /** A line of the log. What is live moves below it. */
  add(line: string): void {
    if (this.#shown !== '') this.#stream.write(CLEAR_LINE)
    this.#write(line)
    if (this.#shown !== '') this.#stream.write(this.#shown)
  }

  draw(line: string): void {
    if (!this.isDrawn) {
      this.#write(line)
      return
    }
    // A longer one would wrap, and the next could not take its place.
    this.#shown = line.slice(0, Math.max(1, (this.#stream.columns ?? 80) - 1))
    this.#stream.write(`${CLEAR_LINE}${this.#shown}`)
  }

  /** Takes away what is live. */
  end(): void {
    if (this.#shown !== '') this.#stream.write(CLEAR_LINE)
    this.#shown = ''
  }
}
