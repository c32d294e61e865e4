/** Text that fits: styled pieces cut to a width, foreign text made harmless, numbers for people. */
import { formatCpc } from '../../../core/units.ts'

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

export interface Piece {
  readonly text: string
  readonly style?: Style
}

export type Line = readonly Piece[]

const CODES: Readonly<Record<Style, string>> = {
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  green: '\x1b[32m',
  red: '\x1b[31m',
  yellow: '\x1b[33m',
}
const PLAIN = '\x1b[0m'

/** What nodes and drivers say, as printable ASCII: each character one column, and none that moves the cursor. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ')

/** Cut to `columns`, with the pieces' styles if `color`. */
export function cutTo(line: Line, columns: number, color: boolean): string {
  let left = columns
  let text = ''
  for (const piece of line) {
    if (left <= 0) break
    const shown = printable(piece.text).slice(0, left)
    left -= shown.length
    text += color && piece.style !== undefined && shown !== '' ? `${CODES[piece.style]}${shown}${PLAIN}` : shown
  }
  return color ? text : text.trimEnd()
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export const count = (value: number): string => grouped.format(value)

export const gmacs = (macsPerSecond: number): string => (macsPerSecond / 1e9).toFixed(macsPerSecond < 1e10 ? 2 : 1)

/** Four significant digits or whole units, whichever says more. */
export function amount(value: number): string {
  if (value >= 1_000) return grouped.format(value)
  return Number(value.toPrecision(4)).toString()
}

/** Cut, not rounded, after the fourth decimal: nobody has more than is shown. */
export function shortCpc(wei: bigint): string {
  const [whole = '0', decimals = ''] = formatCpc(wei).split('.')
  const kept = decimals.slice(0, 4).replace(/0+$/, '')
  const shown = grouped.format(BigInt(whole))
  return `${shown}${kept === '' ? '' : `.${kept}`} CPC`
}

/** Two units at most: 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const
  const at = units.findIndex(([, size]) => seconds >= size)
  if (at < 0) return '0 s'
  const [unit, size] = units[at]!
  const next = units[at + 1]
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[1])
  return `${Math.floor(seconds / size)} ${unit}${next === undefined || rest === 0 ? '' : ` ${rest} ${next[0]}`}`
}
