/** Which record a tree key is of. The key is a hash, so whoever asks executes the block once more and looks at what it touches. */
import { blockContext } from '../../consensus/context.ts'
import type { Block } from '../../consensus/types.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { BlockExecution } from '../../vm/execution/execution.ts'
import { ExecutionTrace, type StepName } from '../../vm/execution/trace.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import type { Table } from '../../vm/state/table.ts'
import type { StateReader } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'

export interface KeyName {
  readonly table: Table<unknown, unknown>
  /** As the table takes it. */
  readonly key: unknown
  /** What touched it last. */
  readonly step: StepName
  /** Place in the block, if it was a transaction. */
  readonly transaction: number | undefined
}

export interface KeyScope {
  readonly block: Block
  readonly parent: Block
  readonly transactions: readonly Transaction[]
  /** Before the block. */
  readonly state: StateReader
  readonly rules: ExecutionRules
}

/** @returns undefined for a key that the block has nothing to do with */
export function nameKey(treeKey: Hash, { block, parent, transactions, state, rules }: KeyScope): KeyName | undefined {
  const trace = new ExecutionTrace()
  const context = blockContext(block.header, parent, block.parentCertificate)
  const execution = new BlockExecution(state, context, rules, trace)
  for (const transaction of transactions) if (!('receipt' in execution.apply(transaction))) break
  execution.finish()
  for (const { name, transaction, accesses } of trace.steps.toReversed()) {
    const access = accesses.find((one) => equalBytes(one.treeKey, treeKey))
    if (access !== undefined) return { table: access.table, key: access.key, step: name, transaction }
  }
  return undefined
}
