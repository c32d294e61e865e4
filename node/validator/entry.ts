/** A block as a running node holds it: executed, final or above the last final one. */

import type { Block } from '../../consensus/types.ts'
import type { AppliedBlock } from '../../consensus/validate.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import type { StateLayer, TreeState } from '../../vm/state/layers.ts'
import type { Transaction } from '../../vm/transaction/types.ts'

export interface ChainEntry {
  readonly block: Block
  /** After the block. */
  readonly state: TreeState
  readonly transactions: readonly Transaction[]
  readonly receipts: readonly Receipt[]
  /** What the block changed; undefined for a final block that was read back from the store. */
  readonly layer: StateLayer | undefined
}

export const entryOf = ({ block, state, transactions, outcome }: AppliedBlock): ChainEntry => ({
  block,
  state,
  transactions,
  receipts: outcome.receipts,
  layer: state,
})
