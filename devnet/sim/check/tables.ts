/** Whether two disks hold the same. */
import { equalBytes } from '../../../core/bytes.ts'

/** What a store holds, table by table; keys are latin1 strings. */
export type Tables = readonly ReadonlyMap<string, Uint8Array>[]

const hexOf = (id: string): string => Buffer.from(id, 'latin1').toString('hex')

/** One key, as hex, that only one of them has or that they hold different values of. */
export function differingKey(a: Tables, b: Tables): string | undefined {
  for (const [i, ours] of a.entries()) {
    const theirs = b[i]!
    for (const [id, value] of ours) {
      const other = theirs.get(id)
      if (other === undefined || !equalBytes(value, other)) return hexOf(id)
    }
    if (theirs.size === ours.size) continue
    for (const id of theirs.keys()) if (!ours.has(id)) return hexOf(id)
  }
  return undefined
}
