/** Rows as lines of text. Amounts keep all their digits: a JSON number would not. */
import type { Cell, Columns, Row } from './column.ts'

/** RFC 4180. A null is nothing at all, an empty text is "". */
function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

export const csvHead = (columns: Columns): string => Object.keys(columns).join(',')

export const csvLine = (columns: Columns, row: Row): string =>
  Object.keys(columns)
    .map((name) => csvCell(row[name]!))
    .join(',')

const jsonCell = (cell: Cell): string | number | boolean | null => (typeof cell === 'bigint' ? cell.toString() : cell)

export const jsonLine = (columns: Columns, row: Row): string =>
  JSON.stringify(Object.fromEntries(Object.keys(columns).map((name) => [name, jsonCell(row[name]!)])))
