/**
 * How far a long command is: on a terminal one line that is drawn over and over, without one a line now and then. On stderr,
 * and nothing at all with --json.
 */
import { progressBar, timeLeft } from '../progress-bar.ts'
import { LiveLine } from './live-line.ts'
import type { Output } from './output.ts'

export interface CommandProgress {
  /**
   * @param total undefined where nobody knows
   * @param unit plural; absent: nothing is said of how quickly
   */
  show(phase: string, done: number, total: number | undefined, unit?: string): void
  /** Takes the line away. */
  end(): void
}

const PHASE_CELLS = 10
/** As often as an eye follows. */
const DRAWN_EVERY_MS = 200
/** As often as a log can bear. */
const LOGGED_EVERY_MS = 10_000

/** @param elapsedMs since the phase began */
export function progressLine(
  phase: string,
  done: number,
  total: number | undefined,
  elapsedMs: number,
  unit?: string,
): string {
  const rate = elapsedMs === 0 ? 0 : (1_000 * done) / elapsedMs
  const name = phase.padEnd(PHASE_CELLS)
  if (total === undefined) return `${name} ${done} ${unit ?? ''}, ${Math.round(rate)}/s`
  const part = total === 0 ? 1 : Math.min(1, done / total)
  const line = `${name} ${progressBar(part)} ${`${Math.floor(100 * part)}`.padStart(3)} %`
  if (rate === 0) return line
  const counts = unit === undefined ? '' : `  ${done} of ${total} ${unit}, ${Math.round(rate)}/s`
  return `${line}${counts}  ${timeLeft((total - done) / rate)}`
}

export function commandProgress(
  output: Pick<Output, 'json'>,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'> = process.stderr,
): CommandProgress {
  const live = new LiveLine((line) => void stream.write(`${line}\n`), stream)
  const everyMs = live.isDrawn ? DRAWN_EVERY_MS : LOGGED_EVERY_MS
  let phase = ''
  let startMs = 0
  let lastMs = 0
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
      live.draw(progressLine(phase, done, total, nowMs - startMs, unit))
    },
    end: () => live.end(),
  }
}
