/** How every benchmark prints: aligned tables, medians, and ratios between things measured in the same run. */

/** Of any positive count of figures; the upper one of the middle two. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = sorted[sorted.length >> 1]
  if (middle === undefined) throw new Error('median of no figures: run at least one round')
  return middle
}

export const perSecond = (count: number, seconds: number): string =>
  Math.round(count / seconds).toLocaleString('en', { useGrouping: true })

export const times = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)}x`

/** First column left, the others right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  console.log(line(head))
  for (const row of rows) console.log(line(row))
}

/** Wall-clock seconds. */
export async function secondsOf(run: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now()
  await run()
  return (performance.now() - startMs) / 1_000
}

/** The whole number after `--name`, else `fallback`. */
export function numberOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`)
  if (at < 0) return fallback
  const value = Number(process.argv[at + 1])
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} wants a whole number above zero`)
  return value
}

export function textOption(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}
