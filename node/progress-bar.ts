/** How lines on what takes long look, in a log and on a terminal. */

const CELLS = 20

/** @param part from 0 to 1 */
export function progressBar(part: number): string {
  const full = Math.floor(CELLS * Math.min(1, part))
  return `[${'#'.repeat(full)}${'-'.repeat(CELLS - full)}]`
}

export function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s left`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`
}
