/** Ctrl-C and SIGTERM: the first one ends a command in good order. */

/** npm and terminals send the same signal twice at once; one that comes this much later is a person's impatience. */
const IMPATIENT_AFTER_MS = 1_000
/** What shells report for a program that SIGINT ended. */
const EXIT_INTERRUPTED = 130

/** @param stop called once; a signal that comes more than a second after the first ends the process there and then */
export function onInterrupt(stop: () => void): void {
  let firstMs: number | undefined
  const interrupted = (): void => {
    if (firstMs === undefined) {
      firstMs = Date.now()
      stop()
    } else if (Date.now() - firstMs > IMPATIENT_AFTER_MS) process.exit(EXIT_INTERRUPTED)
  }
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
}
