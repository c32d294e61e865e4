/** What a final block changed in the state, as the store remembers it. */
import { QuernError } from '../../core/errors.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import type { ChainStore } from './chain-store.ts'
import { changeRange, decodeChange } from './versioned-values.ts'

/** Ascending by tree key. @throws QuernError `BLOCK_PRUNED` */
export async function changesOf(chain: ChainStore, height: number): Promise<StateWrite[]> {
  const state = chain.stateAt(height)
  if (state === undefined) throw new QuernError('STORE_CORRUPT', `there is no state after block ${height}`)
  const writes: StateWrite[] = []
  for await (const [key] of chain.kv.entries(changeRange(height + 1, height + 1))) {
    const { treeKey } = decodeChange(key)
    writes.push({ treeKey, value: state.get(treeKey) })
  }
  return writes
}
