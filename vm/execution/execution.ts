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
import { ZERO_HASH } from '../../core/bytes.ts'
import { assert, type Failure, fail, ok, QuernError, type Result } from '../../core/errors.ts'
import { kipTransaction } from '../covenant/view.ts'
import { runAction } from '../kinds/index.ts'
import { transactionId } from '../kip/hashing.ts'
import { type BlockActivity, commitLanes } from '../lanes/commit.ts'
import { epochOf } from '../params.ts'
import { epochSets, epochs } from '../state/tables.ts'
import { type StateReader, StateView } from '../state/view.ts'
import type { Transaction } from '../transaction/types.ts'
import { isOfNode } from '../zk/errors.ts'
import { beginBlock, endBlock, hasVprogs } from './block-steps.ts'
import { charge, chargeGram, refusalOf } from './includable.ts'
import { BlockRoom, type FullReason } from './limits.ts'
import type { ExecutionTrace } from './trace.ts'
import type {
  AcceptedResult,
  ActionContext,
  ActionErrorCode,
  BlockContext,
  BlockOutcome,
  ExecutionRules,
  GramMeter,
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
  gram: GramMeter,
): ActionContext => ({
  state,
  block,
  rules,
  sender: tx.from,
  nonce: tx.nonce,
  gram,
  get set() {
    const set = state.get(epochSets, block.epoch)
    assert(set !== undefined, 'the state has no validator set of this epoch', { epoch: block.epoch })
    return set
  },
})

/**
 * Runs the handler, and makes sure that it decided before it wrote.
 * @throws QuernError `ZK_CIRCUIT_MISSING` where this node cannot decide a proof
 */
function runOrFail(tx: Transaction, context: ActionContext): Failure<ActionErrorCode> | undefined {
  const writes = context.state.writes
  const failure = decided(tx, context)
  assert(failure === undefined || context.state.writes === writes, `${tx.action.kind} failed after a write`)
  return failure
}

/** A verifier that gives up does not know the block. */
function decided(tx: Transaction, context: ActionContext): Failure<ActionErrorCode> | undefined {
  try {
    return runAction(tx.action, context)
  } catch (error) {
    if (!(error instanceof QuernError) || !isOfNode(error.code)) throw error
    const { height } = context.block
    throw new QuernError(error.code, `block ${height} cannot be executed: ${error.message}`, { height })
  }
}

export class BlockExecution {
  readonly #view: StateView
  readonly #context: BlockContext
  readonly #rules: ExecutionRules
  readonly #room: BlockRoom
  readonly #trace: ExecutionTrace | undefined
  readonly #receipts: Receipt[] = []
  readonly #results: AcceptedResult[] = []
  readonly #activity: BlockActivity[] = []
  #priorityFeesWei = 0n
  #cumulativeGasUsed = 0
  #finished = false

  /** @throws QuernError `ASSERTION_FAILED` when the context does not follow its own parent */
  constructor(parentState: StateReader, context: BlockContext, rules: ExecutionRules, trace?: ExecutionTrace) {
    assert(context.height === context.parent.height + 1, 'a block stands one above its parent', {
      height: context.height,
    })
    assert(context.epoch === epochOf(context.height, rules.params), 'epoch does not fit the height', {
      epoch: context.epoch,
    })
    this.#view = trace?.view(parentState) ?? new StateView(parentState)
    this.#trace = trace
    this.#context = context
    this.#rules = rules
    this.#room = new BlockRoom(rules.params)
    trace?.enter('begin')
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
    const full = this.#room.lacks(tx)
    if (full !== undefined) return { full }
    const index = this.#receipts.length
    this.#trace?.enter('check', index)
    const isActive = hasVprogs(this.#rules, this.#context.height)
    const refusal = refusalOf(this.#view, tx, { params, baseFeePerGas, allowNonceGap: false, hasVprogs: isActive })
    if (refusal !== undefined) {
      this.#trace?.drop(index)
      return { refusal }
    }

    this.#room.take(tx.action)
    this.#trace?.enter('charge', index)
    const { gasUsed, effectiveGasPrice, priorityFeeWei } = charge(this.#view, tx, baseFeePerGas)
    this.#priorityFeesWei += priorityFeeWei
    this.#trace?.enter('action', index)
    const gram: GramMeter = { limit: this.#room.gramLimitOf(tx), price: effectiveGasPrice, used: 0 }
    const failure = runOrFail(tx, actionContext(this.#view, this.#context, this.#rules, tx, gram))
    if (gram.units !== undefined) this.#trace?.ranScripts(gram.units)
    const gramUsed = gram.used
    if (gramUsed > 0) {
      this.#priorityFeesWei += chargeGram(this.#view, tx.from, gram, baseFeePerGas)
      this.#room.takeGram(gramUsed)
    }
    this.#cumulativeGasUsed += gasUsed + gramUsed
    const charged = { gasUsed, gramUsed, cumulativeGasUsed: this.#cumulativeGasUsed, effectiveGasPrice }
    const receipt: Receipt =
      failure === undefined ? { status: 1, ...charged } : { status: 0, error: failure.code, ...charged }
    this.#receipts.push(receipt)
    if (failure === undefined) this.#note(tx, index)
    return { receipt }
  }

  /** What a successful transaction leaves for the block's own commitments. */
  #note(tx: Transaction, index: number): void {
    const { action } = tx
    if (action.kind === 'SUBMIT_RESULT') this.#results.push({ transaction: tx, result: action.result })
    if (action.kind !== 'LANE' && action.kind !== 'COVENANT') return
    const { laneId } = action
    if (laneId === undefined) return
    const seen = kipTransaction(action, tx.from, tx.nonce)
    this.#activity.push({ laneId, txId: transactionId(seen), version: seen.version, mergeIndex: index })
  }

  /** Ends the block. @throws QuernError `ASSERTION_FAILED` when money appeared or vanished */
  finish(): BlockOutcome {
    assert(!this.#finished, 'the block is finished')
    this.#finished = true
    this.#trace?.enter('end')
    const epoch = this.#view.get(epochs, this.#context.epoch)
    assert(epoch !== undefined, 'the state has no record of this epoch', { epoch: this.#context.epoch })
    endBlock(this.#view, this.#context, this.#rules, this.#priorityFeesWei)
    const seqCommit = hasVprogs(this.#rules, this.#context.height)
      ? commitLanes(this.#view, this.#context, this.#activity, this.#rules.params)
      : ZERO_HASH
    return {
      receipts: this.#receipts,
      gasUsed: this.#room.gasUsed,
      gramUsed: this.#room.gramUsed,
      results: this.#results,
      seqCommit,
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
