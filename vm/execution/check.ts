/** What the mempool asks about a transaction: would it do its work in the next block? */
import type { Failure } from '../../core/errors.ts'
import { runAction } from '../kinds/index.ts'
import { accountOf } from '../state/account.ts'
import { type StateReader, StateView } from '../state/view.ts'
import type { Action, Transaction } from '../transaction/types.ts'
import { hasVprogs, recordParent } from './block-steps.ts'
import { actionContext } from './execution.ts'
import { charge, refusalOf } from './includable.ts'
import { BlockRoom, hasScripts } from './limits.ts'
import type { ActionErrorCode, BlockContext, ExecutionRules, RefusalCode } from './types.ts'

/** Decided by a proof in the body, or by scripts, so the sender's earlier transactions cannot change the finding. */
const isDecidedNow = (action: Action): boolean =>
  action.kind === 'SUBMIT_RESULT' || action.kind === 'SUBMIT_EVIDENCE' || hasScripts(action)

/**
 * Asks about many transactions over one state. Each is checked against a scratch view, which is dropped: nothing is
 * written anywhere. Senders' accounts are read once, so its memory grows with the senders asked about: keep one for a tip,
 * not longer.
 *
 * - The base fee is the floor's: a transaction below today's base fee may wait for a cheaper block.
 * - A nonce ahead of the account's is no refusal, and what the handler would say now says little about later (a
 *   STAKE may come first), so then only kinds decided by proof or scripts are run. What those spend may still be made by
 *   an earlier transaction.
 * - A failure of scripts that ran tells in `meta.gramUsed` how far they came.
 */
export class TransactionCheck {
  readonly #state: StateReader
  readonly #context: BlockContext
  readonly #rules: ExecutionRules
  /** Only read from. */
  readonly #accounts: StateView

  /**
   * @param state after the newest block
   * @param context of the block that would come next; proposer and view may be guesses
   */
  constructor(state: StateReader, context: BlockContext, rules: ExecutionRules) {
    this.#state = state
    this.#context = context
    this.#rules = rules
    this.#accounts = new StateView(state)
  }

  check(tx: Transaction): Failure<RefusalCode | ActionErrorCode> | undefined {
    const { params } = this.#rules
    const baseFeePerGas = params.baseFeeFloorWei
    const isActive = hasVprogs(this.#rules, this.#context.height)
    const refusal = refusalOf(this.#accounts, tx, { params, baseFeePerGas, allowNonceGap: true, hasVprogs: isActive })
    if (refusal !== undefined) return refusal
    const isAhead = tx.nonce > accountOf(this.#accounts, tx.from).nonce
    if (isAhead && !isDecidedNow(tx.action)) return undefined
    const scratch = new StateView(this.#state)
    // Scripts may name the parent, which only its child records.
    if (hasScripts(tx.action)) recordParent(scratch, this.#context, this.#rules)
    const { effectiveGasPrice: price } = charge(scratch, tx, baseFeePerGas)
    const gram = { limit: new BlockRoom(params).gramLimitOf(tx), price, used: 0 }
    const failure = runAction(tx.action, actionContext(scratch, this.#context, this.#rules, tx, gram))
    if (failure === undefined || (isAhead && failure.code === 'OUTPUT_UNKNOWN')) return undefined
    return gram.used === 0 ? failure : { ...failure, meta: { ...failure.meta, gramUsed: gram.used } }
  }
}

/** `TransactionCheck` for a single one. */
export const checkTransaction = (
  state: StateReader,
  context: BlockContext,
  rules: ExecutionRules,
  tx: Transaction,
): Failure<RefusalCode | ActionErrorCode> | undefined => new TransactionCheck(state, context, rules).check(tx)
