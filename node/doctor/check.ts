/** One finding of a doctor, and how it is shown. */
import { QuernError } from '../../core/errors.ts'

export type Level = 'ok' | 'WARN' | 'FAIL'

export interface Check {
  readonly name: string
  readonly level: Level
  readonly detail: string
  /** What to do about it. */
  readonly remedy?: string
}

export const ok = (name: string, detail: string): Check => ({ name, level: 'ok', detail })
export const warn = (name: string, detail: string, remedy: string): Check => ({ name, level: 'WARN', detail, remedy })
export const failed = (name: string, detail: string, remedy: string): Check => ({ name, level: 'FAIL', detail, remedy })

export const lineOf = ({ name, level, detail, remedy }: Check): string =>
  `${level.padEnd(4)}  ${name.padEnd(18)}  ${detail}${remedy === undefined ? '' : `\n${' '.repeat(26)}${remedy}`}`

export const failures = (checks: readonly Check[]): string[] =>
  checks.filter(({ level }) => level === 'FAIL').map(({ name }) => name)

/** Of what a check met. */
export const codeOf = (error: unknown): string => (error instanceof QuernError ? error.code : 'UNKNOWN')

/** Votes wait for clocks this far apart (PROTOCOL 3, maxClockDriftMs); wrong times show before that. */
const CLOCK_AHEAD_MS = 500
/** A chain that stands still, or a clock that is fast: blocks come far more often. */
const OLD_BLOCKS = 10
const OLD_LEAST_MS = 5_000

export interface SeenClock {
  /** Of the newest block, and this machine's clock when it was heard of. */
  readonly timestampMs: number
  readonly nowMs: number
  readonly blockMs: number
}

export function clockCheck({ timestampMs, nowMs, blockMs }: SeenClock): Check {
  const ageMs = nowMs - timestampMs
  if (ageMs < -CLOCK_AHEAD_MS) {
    const detail = `the newest block is ${-ageMs} ms ahead of this clock`
    return warn('clock', detail, 'switch on NTP: `timedatectl set-ntp true`')
  }
  if (ageMs > Math.max(OLD_LEAST_MS, OLD_BLOCKS * blockMs)) {
    const detail = `the newest block is ${(ageMs / 1_000).toFixed(0)} s old`
    return warn('clock', detail, 'the chain stands still, or this clock is fast: switch on NTP')
  }
  return ok('clock', `the newest block is ${Math.max(0, ageMs).toFixed(0)} ms old`)
}
