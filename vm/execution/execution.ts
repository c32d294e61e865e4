/**
 * Execution of one block over its parent's state.
 *
 *     begin    the parent is recorded; one chunk of pay-outs is paid; stale claims expire; missed views are counted
 *     apply    each transaction: refused (no trace), no room (no trace), or charged and then done or failed
 *     end      rewards; randomness; on an epoch's last block the epoch change; the supply equation is asserted
 *
 * Promises: the outcome depends on the parent's state, the context and the transactions alone; nothing is written to
 * the parent's state, so a block applies whole, by whoever keeps `finish().writes`, or leaves no trace; a transaction
 * that fails is charged in full and has no other effect. Source: PROTOCOL 2, 3, 4.
 */
import { assert, type Failure, fail, ok, type Result } from '../../core/errors.ts'
import { runAction } from '../kinds/index.ts'
import { epochOf } from '../params.ts'
import { epochSets, epochs } from '../state/tables.ts'
import { type StateReader, StateView } from '../state/view.ts'
import type { Transaction } from '../transaction/types.ts'
import { beginBlock, endBlock } from './block-steps.ts'
import { charge, refusalOf } from './includable.ts'
import { BlockRoom, type FullReason } from './limits.ts'
import type {
  AcceptedResult,
  ActionContext,
  ActionErrorCode,
  BlockContext,
  BlockOutcome,
  ExecutionRules,
  Receipt,
  RefusalCode,
} from './types.ts'

/** `refusal`: the block must not hold it. `full`: this block has no room for it; another may. Neither leaves a trace. */
export type ApplyResult =
  | { readonly receipt: Receipt }
  | { readonly refusal: Failure<RefusalCode> }
  | { readonly full: FullReason }

/** What a handler gets; the set is read only when a rule asks for it. */
export const actionContext = (
  state: StateView,
  block: BlockContext,
  rules: ExecutionRules,
  tx: Transaction,
): ActionContext => ({
  state,
  block,
  rules,
  sender: tx.from,
  get set() {
    const set = state.get(epochSets, block.epoch)
    assert(set !== undefined, 'the state has no validator set of this epoch', { epoch: block.epoch })
    return set
  },
})

/** Runs the handler, and makes sure that it decided before it wrote. */
function runOrFail(tx: Transaction, context: ActionContext): Failure<ActionErrorCode> | undefined {
  const writes = context.state.writes
  const failure = runAction(tx.action, context)
  assert(failure === undefined || context.state.writes === writes, `${tx.action.kind} failed after a write`)
  return failure
}

export class BlockExecution {
  readonly #view: StateView
  readonly #context: BlockContext
  readonly #rules: ExecutionRules
  readonly #room: BlockRoom
  readonly #receipts: Receipt[] = []
  readonly #results: AcceptedResult[] = []
  #priorityFeesWei = 0n
  #finished = false

  /** @throws QuernError `ASSERTION_FAILED` when the context does not follow its own parent */
  constructor(parentState: StateReader, context: BlockContext, rules: ExecutionRules) {
    assert(context.height === context.parent.height + 1, 'a block stands one above its parent', {
      height: context.height,
    })
    assert(context.epoch === epochOf(context.height, rules.params), 'epoch does not fit the height', {
      epoch: context.epoch,
    })
    this.#view = new StateView(parentState)
    this.#context = context
    this.#rules = rules
    this.#room = new BlockRoom(rules.params)
    beginBlock(this.#view, context, rules)
  }

  /** Of the transactions applied so far. */
  get gasUsed(): number {
    return this.#room.gasUsed
  }

  /** Includes the transaction, or says why it cannot be included. */
  apply(tx: Transaction): ApplyResult {
    assert(!this.#finished, 'the block is finished')
    const { params } = this.#rules
    const { baseFeePerGas } = this.#context
    // Before anything that reads the state: a builder may pass over a whole mempool of what has no room.
    const full = this.#room.lacks(tx.action)
    if (full !== undefined) return { full }
    const refusal = refusalOf(this.#view, tx, { params, baseFeePerGas, allowNonceGap: false })
    if (refusal !== undefined) return { refusal }

    this.#room.take(tx.action)
    const { gasUsed, effectiveGasPrice, priorityFeeWei } = charge(this.#view, tx, baseFeePerGas)
    this.#priorityFeesWei += priorityFeeWei
    const failure = runOrFail(tx, actionContext(this.#view, this.#context, this.#rules, tx))
    const cumulativeGasUsed = this.#room.gasUsed
    const receipt: Receipt =
      failure === undefined
        ? { status: 1, gasUsed, gramUsed: 0, cumulativeGasUsed, effectiveGasPrice }
        : { status: 0, error: failure.code, gasUsed, gramUsed: 0, cumulativeGasUsed, effectiveGasPrice }
    this.#receipts.push(receipt)
    if (failure === undefined && tx.action.kind === 'SUBMIT_RESULT') {
      this.#results.push({ transaction: tx, result: tx.action.result })
    }
    return { receipt }
  }

  /** Ends the block. @throws QuernError `ASSERTION_FAILED` when money appeared or vanished */
  finish(): BlockOutcome {
    assert(!this.#finished, 'the block is finished')
    this.#finished = true
    const epoch = this.#view.get(epochs, this.#context.epoch)
    assert(epoch !== undefined, 'the state has no record of this epoch', { epoch: this.#context.epoch })
    endBlock(this.#view, this.#context, this.#rules, this.#priorityFeesWei)
    return {
      receipts: this.#receipts,
      gasUsed: this.#room.gasUsed,
      gramUsed: 0,
      results: this.#results,
      difficulty: epoch.difficultyMacs,
      writes: this.#view.finish(),
    }
  }
}

/** `BLOCK_TX_REFUSED`: one is not includable. `BLOCK_OVER_LIMIT`: gas or one of the counts of PROTOCOL 4.2. */
export type ExecutionErrorCode = 'BLOCK_TX_REFUSED' | 'BLOCK_OVER_LIMIT'

/** Executes a block that somebody proposed: all of its transactions, or none. */
export function executeBlock(
  parentState: StateReader,
  context: BlockContext,
  rules: ExecutionRules,
  transactions: readonly Transaction[],
): Result<BlockOutcome, ExecutionErrorCode> {
  const execution = new BlockExecution(parentState, context, rules)
  for (const [index, tx] of transactions.entries()) {
    const answer = execution.apply(tx)
    if ('refusal' in answer) {
      const { code, message } = answer.refusal
      return fail('BLOCK_TX_REFUSED', `transaction ${index} may be in no block: ${message}`, { index, code })
    }
    if ('full' in answer) {
      return fail('BLOCK_OVER_LIMIT', `transaction ${index} exceeds the block's limit of ${answer.full}`, {
        index,
        limit: answer.full,
      })
    }
  }
  return ok(execution.finish())
}
