/**
 * A block executed once more over its parent's state, with everything it reads and writes on record.
 *
 *     state after height - 1  +  block  ->  begin, transactions (check, charge, action), end
 *
 * Promises: the receipts are those of the chain, or it throws; the steps of a whole block lead from the parent's records
 * to exactly the block's writes; an answer holds no more transactions than it was asked for. Everything named `snake_case`
 * is JSON as `chain_traceBlock` answers it.
 */
import { blockContext } from '../../consensus/context.ts'
import type { Block } from '../../consensus/types.ts'
import { equalBytes } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { BlockExecution } from '../../vm/execution/execution.ts'
import { receiptRoot } from '../../vm/execution/receipt.ts'
import { ExecutionTrace, type TracedStep } from '../../vm/execution/trace.ts'
import { type ComputeTrace, traceCompute } from '../../vm/execution/trace-compute.ts'
import type { BlockOutcome, ExecutionRules, Receipt } from '../../vm/execution/types.ts'
import type { StateReader } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'

export interface TraceInput {
  readonly block: Block
  readonly parent: Block
  /** Of the block, in order, with senders. */
  readonly transactions: readonly Transaction[]
  /** After the parent. */
  readonly state: StateReader
  readonly rules: ExecutionRules
}

export interface TraceOptions {
  /** Transactions to record: `count` of them from `from` on. Default: all. */
  readonly from?: number
  readonly count?: number
  /**
   * Awaited every `TRANSACTIONS_PER_TURN`, so that a server answers others meanwhile; without it everything happens in one
   * turn, as it must over a state that moves on when blocks become final.
   */
  readonly pause?: () => Promise<void>
  /** Of somebody who wants to see why a block does not give what its header says. */
  readonly mayDiverge?: boolean
}

/** Some 5 ms of transfers. */
const TRANSACTIONS_PER_TURN = 256

const diverged = ({ header: { height } }: Block, why: string): QuernError =>
  new QuernError('TRACE_DIVERGED', `block ${height}: ${why}; run \`quern chain verify\``, { height })

export interface TracedTransaction {
  readonly index: number
  readonly transaction: Transaction
  readonly receipt: Receipt
  readonly check: TracedStep
  readonly charge: TracedStep
  readonly action: TracedStep
  /** Of a SUBMIT_RESULT. */
  readonly compute: ComputeTrace | undefined
}

export interface TracedBlock {
  readonly block: Block
  readonly begin: TracedStep
  readonly transactions: readonly TracedTransaction[]
  readonly end: TracedStep
  readonly outcome: BlockOutcome
}

/** @throws QuernError `TRACE_DIVERGED` when the block cannot be executed here, or gives other receipts */
export async function traceBlock(input: TraceInput, options: TraceOptions = {}): Promise<TracedBlock> {
  const { block, parent, transactions, state, rules } = input
  const from = options.from ?? 0
  const to = from + (options.count ?? transactions.length)
  const trace = new ExecutionTrace({ from, to })
  const context = blockContext(block.header, parent, block.parentCertificate)
  const execution = new BlockExecution(state, context, rules, trace)
  const receipts: Receipt[] = []
  for (const [index, transaction] of transactions.entries()) {
    const answer = execution.apply(transaction)
    if (!('receipt' in answer)) {
      throw diverged(block, `transaction ${index} cannot be executed over this state`)
    }
    receipts.push(answer.receipt)
    if (options.pause !== undefined && index % TRANSACTIONS_PER_TURN === TRANSACTIONS_PER_TURN - 1)
      await options.pause()
  }
  const outcome = execution.finish()
  if (options.mayDiverge !== true && !equalBytes(receiptRoot(receipts), block.header.receiptRoot)) {
    throw diverged(block, 'execution gives other receipts than the block has')
  }
  const [begin, ...between] = trace.steps
  const end = between.pop()
  assert(begin !== undefined && end !== undefined, 'a trace has a beginning and an end')

  const traced: TracedTransaction[] = []
  for (let at = 0; at + 2 < between.length; at += 3) {
    const [check, charge, action] = [between[at]!, between[at + 1]!, between[at + 2]!]
    const index = check.transaction!
    const transaction = transactions[index]!
    const receipt = receipts[index]!
    const asked = transaction.action
    const compute = asked.kind === 'SUBMIT_RESULT' ? traceCompute(asked, receipt.error, state, rules) : undefined
    traced.push({ index, transaction, receipt, check, charge, action, compute })
  }
  return { block, begin, transactions: traced, end, outcome }
}
