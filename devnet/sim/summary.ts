/** What a batch of runs amounts to. */
import type { RunResult } from './sim.ts'

const SUMMED = [
  'blocks',
  'views',
  'transactions',
  'computeResults',
  'epochEdges',
  'setChanges',
  'slashed',
  'messages',
  'simulatedMs',
] as const

export class Summary {
  readonly #startMs: number
  readonly #sums = Object.fromEntries(SUMMED.map((key) => [key, 0])) as Record<(typeof SUMMED)[number], number>
  readonly #faults: Record<string, number> = {}
  readonly #byzantine: Record<string, number> = {}
  readonly failed: RunResult[] = []
  seeds = 0

  constructor(nowMs: number) {
    this.#startMs = nowMs
  }

  add(result: RunResult): void {
    this.seeds++
    for (const key of SUMMED) this.#sums[key] += result[key]
    for (const [kind, count] of Object.entries(result.faults)) this.#faults[kind] = (this.#faults[kind] ?? 0) + count
    for (const misdeed of result.byzantine) this.#byzantine[misdeed] = (this.#byzantine[misdeed] ?? 0) + 1
    if (result.violations.length > 0) this.failed.push(result)
  }

  line(total: number, nowMs: number): string {
    return `${this.seeds} of ${total} seeds, ${this.#rate(nowMs)} a second, ${this.failed.length} with violations`
  }

  text(nowMs: number): string {
    const list = (counts: Readonly<Record<string, number>>): string =>
      Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')
    const { simulatedMs, ...sums } = this.#sums
    const hours = (simulatedMs / 3_600_000).toFixed(1)
    return [
      `${this.seeds} seeds, ${this.#rate(nowMs)} a second; ${hours} hours simulated; ${this.failed.length} with violations`,
      `  ${list(sums)}`,
      `  faults: ${list(this.#faults)}`,
      `  byzantine: ${list(this.#byzantine)}`,
    ].join('\n')
  }

  #rate(nowMs: number): string {
    return ((1_000 * this.seeds) / Math.max(1, nowMs - this.#startMs)).toFixed(2)
  }
}
