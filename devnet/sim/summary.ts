/** What a batch of runs amounts to. */
import type { RunResult } from './sim.ts'

const SUMMED = [
  'blocks',
  'views',
  'transactions',
  'refused',
  'forged',
  'epochEdges',
  'setChanges',
  'slashed',
  'messages',
  'simulatedMs',
] as const

function addTo(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

export class Summary {
  readonly #startMs: number
  readonly #sums = Object.fromEntries(SUMMED.map((key) => [key, 0])) as Record<(typeof SUMMED)[number], number>
  readonly #kinds: Record<string, number> = {}
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
    addTo(this.#kinds, result.kinds)
    addTo(this.#faults, result.faults)
    for (const misdeed of result.byzantine) addTo(this.#byzantine, { [misdeed]: 1 })
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
    const minutes = (simulatedMs / 60_000).toFixed(1)
    return [
      `${this.seeds} seeds, ${this.#rate(nowMs)} a second; ${minutes} minutes simulated; ${this.failed.length} with violations`,
      `  ${list(sums)}`,
      `  final transactions: ${list(this.#kinds)}`,
      `  faults: ${list(this.#faults)}`,
      `  byzantine: ${list(this.#byzantine)}`,
    ].join('\n')
  }

  #rate(nowMs: number): string {
    return ((1_000 * this.seeds) / Math.max(1, nowMs - this.#startMs)).toFixed(2)
  }
}
