import { epochValidators } from '../vm/state/tables.ts'
import { readRecord } from '../vm/state/view.ts'
import type { NodeApi } from './api.ts'

/** Views that the own validator led in the present epoch, as final blocks record them; undefined for a node that only follows. */
export function ownViews(node: NodeApi): { readonly proposedViews: number; readonly missedViews: number } | undefined {
  const { validator } = node
  if (validator === undefined) return undefined
  const { epoch, height } = node.finalized()
  const state = node.stateAt(height)
  const record = state && readRecord(state, epochValidators, { epoch, validator })
  return record ?? { proposedViews: 0, missedViews: 0 }
}
