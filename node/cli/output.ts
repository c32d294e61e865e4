/** What commands print: one JSON line with --json, otherwise lines for people. */
import { hexKey } from '../../core/bytes.ts'
import { formatCpc } from '../../core/units.ts'

export interface Output {
  readonly json: boolean
  /** Prints `value` as JSON, or what `human` makes of it. */
  print(value: unknown, human: () => string): void
  /** Progress and advice for people; silent with --json. */
  note(text: string): void
}

/** For `JSON.stringify`: bigints in decimal, bytes in bare hex. */
export const jsonSafe = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? hexKey(value) : value
}

export const createOutput = (json: boolean, write: (line: string) => void, note: (line: string) => void): Output => ({
  json,
  print: (value, human) => write(json ? JSON.stringify(value, jsonSafe) : human()),
  note: (text) => {
    if (!json) note(text)
  },
})

/** Aligned `label  value` lines; empty values are left out. */
export function fields(rows: readonly (readonly [label: string, value: string | number | undefined])[]): string {
  const shown = rows.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...shown.map(([label]) => label.length))
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}

/** Columns padded to their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}

export const cpc = (wei: string | bigint): string => `${formatCpc(BigInt(wei))} CPC`
