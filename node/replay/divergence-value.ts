/** A divergence as JSON shows it: roots, and the first key that differs with both records, decoded and raw. */
import { toHex } from '../../core/bytes.ts'
import { recordJson } from '../trace/json.ts'
import type { FoundDivergence } from './replay.ts'

export type DivergenceValue = ReturnType<typeof divergenceValue>

export function divergenceValue({ height, code, message, block, root, difference, name }: FoundDivergence) {
  const record = (bytes: Uint8Array | undefined) => {
    if (bytes === undefined) return null
    try {
      return { raw: toHex(bytes), record: name === undefined ? null : recordJson(name.table.decode(bytes)) }
    } catch {
      // What rots need not be a record any more.
      return { raw: toHex(bytes), record: null }
    }
  }
  return {
    height,
    code,
    message,
    expectedStateRoot: toHex(block.header.stateRoot),
    stateRoot: root === undefined ? null : toHex(root),
    difference:
      difference === undefined
        ? null
        : {
            table: name?.table.name ?? null,
            key: name === undefined ? null : recordJson(name.key),
            treeKey: toHex(difference.treeKey),
            touchedBy: name === undefined ? null : { step: name.step, transaction: name.transaction ?? null },
            expected: record(difference.expected),
            actual: record(difference.actual),
          },
  }
}
