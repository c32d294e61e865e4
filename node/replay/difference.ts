/** The first state key on which a block's execution and the chain disagree. */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'

export interface Difference {
  readonly treeKey: Hash
  /** As the chain has it; undefined: no record. */
  readonly expected: Uint8Array | undefined
  /** As execution here left it. */
  readonly actual: Uint8Array | undefined
}

/**
 * @param before the state before the block: a key that only one side wrote has this value on the other
 * @param actual in the order in which execution met them, so that the first difference is the earliest cause
 */
export function firstDifference(
  before: StateReader,
  actual: readonly StateWrite[],
  expected: readonly StateWrite[],
): Difference | undefined {
  const ours = new Map(actual.map((write) => [hexKey(write.treeKey), write]))
  const theirs = new Map(expected.map((write) => [hexKey(write.treeKey), write]))
  for (const { treeKey } of [...actual, ...expected]) {
    const id = hexKey(treeKey)
    const value = (writes: ReadonlyMap<string, StateWrite>): Uint8Array | undefined =>
      writes.has(id) ? writes.get(id)?.value : before.get(treeKey)
    const [a, e] = [value(ours), value(theirs)]
    if (!isSame(a, e)) return { treeKey, expected: e, actual: a }
  }
  return undefined
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)
