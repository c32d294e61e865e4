/** How many keys and bytes each table of a store takes, before LevelDB compresses them. */
import type { KvReader } from '../../core/kv.ts'
import { tableName } from './tables.ts'

export interface TableSize {
  readonly table: string
  readonly keys: number
  readonly keyBytes: number
  readonly valueBytes: number
}

/** Rows read before others get a turn. */
const ROWS_PER_TURN = 4_096

/** Largest first. @param onRow told the rows read so far, now and then */
export async function measureTables(
  kv: KvReader,
  onRow: (rows: number) => void = () => undefined,
): Promise<TableSize[]> {
  const sizes = new Map<string, { keys: number; keyBytes: number; valueBytes: number }>()
  let rows = 0
  for await (const [key, value] of kv.entries()) {
    const table = tableName(key)
    const size = sizes.get(table) ?? { keys: 0, keyBytes: 0, valueBytes: 0 }
    sizes.set(table, size)
    size.keys++
    size.keyBytes += key.length
    size.valueBytes += value.length
    if (++rows % ROWS_PER_TURN === 0) onRow(rows)
  }
  return [...sizes]
    .map(([table, size]) => ({ table, ...size }))
    .sort((a, b) => b.keyBytes + b.valueBytes - a.keyBytes - a.valueBytes)
}
