/** Whether two disks hold the same. */
import { equalBytes } from '../../../core/bytes.ts'

/** What a table of a store holds; keys are latin1 strings. */
export interface Rows {
  readonly size: number
  keys(): Iterable<string>
  get(id: string): Uint8Array | undefined
}

const hexOf = (id: string): string => Buffer.from(id, 'latin1').toString('hex')

/** One key, as hex, that only one of two stores has or that they hold different values of. */
export function differingKey(a: readonly Rows[], b: readonly Rows[]): string | undefined {
  for (const [i, ours] of a.entries()) {
    const theirs = b[i]!
    for (const id of ours.keys()) {
      const other = theirs.get(id)
      if (other === undefined || !equalBytes(ours.get(id)!, other)) return hexOf(id)
    }
    if (theirs.size === ours.size) continue
    for (const id of theirs.keys()) if (ours.get(id) === undefined) return hexOf(id)
  }
  return undefined
}
