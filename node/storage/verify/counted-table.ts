/** Tables whose rows the blocks call for, one by one. */
import { prefixRange } from '../../../core/kv.ts'
import type { Checked } from './checked.ts'

/** Every entry that belongs there was found already: a look at each is needed only where there are more. */
export async function countedTable(
  { kv, faults }: Checked,
  table: number,
  wanted: number,
  belongs: (key: Uint8Array, value: Uint8Array) => boolean,
): Promise<void> {
  let found = 0
  for await (const _ of kv.entries(prefixRange(Uint8Array.of(table)))) found++
  if (found === wanted) return
  for await (const [key, value] of kv.entries(prefixRange(Uint8Array.of(table)))) {
    if (!belongs(key, value)) faults.add('stray', key, 'leads to nothing that is here')
  }
}
