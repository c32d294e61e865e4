/**
 * How far a long command is: on a terminal one line that is drawn over and over, without one a line now and then. On stderr,
 * and nothing at all with --json.
 */
import type { Output } from './output.ts'

export interface CommandProgress {
  /** @param unit plural; absent: nothing is said of how quickly */
  show(phase: string, done: number, total: number, unit?: string): void
  /** Takes the line away. */
  end(): void
}

const BAR_CELLS = 24
const PHASE_CELLS = 10
/** As often as an eye follows. */
const DRAWN_EVERY_MS = 200
/** As often as a log can bear. */
const LOGGED_EVERY_MS = 10_000

/** @param elapsedMs since the phase began */
export function progressLine(phase: string, done: number, total: number, elapsedMs: number, unit?: string): string {
  const part = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.floor(BAR_CELLS * part)
  const bar = `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`
  const percent = `${Math.floor(100 * part)}`.padStart(3)
  const line = `${phase.padEnd(PHASE_CELLS)} ${bar} ${percent} %`
  if (done === 0 || elapsedMs === 0) return line
  const rate = (1_000 * done) / elapsedMs
  const counts = unit === undefined ? '' : `  ${done} of ${total} ${unit}, ${Math.round(rate)}/s`
  return `${line}${counts}  ${duration(Math.ceil((total - done) / rate))} left`
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function commandProgress(
  output: Pick<Output, 'json'>,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stderr,
): CommandProgress {
  const everyMs = stream.isTTY === true ? DRAWN_EVERY_MS : LOGGED_EVERY_MS
  let phase = ''
  let startMs = 0
  let lastMs = 0
  let isDrawn = false
  const end = (): void => {
    if (isDrawn) stream.write('\r\u001b[K')
    isDrawn = false
  }
  return {
    show: (name, done, total, unit) => {
      if (output.json) return
      const nowMs = performance.now()
      if (name !== phase) {
        phase = name
        startMs = nowMs
        lastMs = nowMs
      }
      if (nowMs - lastMs < everyMs) return
      lastMs = nowMs
      const line = progressLine(phase, done, total, nowMs - startMs, unit)
      stream.write(stream.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`)
      isDrawn = stream.isTTY === true
    },
    end,
  }
}
