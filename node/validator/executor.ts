/** Executes blocks that arrive on the block tree. A block is valid or not by consensus/validate.ts; this finds its parent. */

import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Block } from '../../consensus/types.ts'
import {
  type BlockErrorCode,
  checkBody,
  checkExecuted,
  checkHeader,
  executeBody,
  type ValidationRules,
} from '../../consensus/validate.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { Result } from '../../core/errors.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { CommitGate } from './commit-gate.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { type ProofsAhead, runBlock } from './proofs-ahead.ts'

/** Envelopes to transactions, off the event loop; undefined when this node is too busy or closing. */
export type RecoverBlock = (envelopes: readonly Uint8Array[]) => Recovering
export type Recovering = Promise<Result<readonly Transaction[], string> | undefined>

export type Execution =
  | { readonly verdict: 'valid'; readonly entry: ChainEntry }
  | { readonly verdict: 'invalid'; readonly code: BlockErrorCode; readonly message: string }
  /** The parent is not here, or there is no room: nothing is said about the block. */
  | { readonly verdict: 'retry' }

const invalid = (code: BlockErrorCode, message: string): Execution => ({ verdict: 'invalid', code, message })

export class Executor {
  readonly #tree: BlockTree<ChainEntry>
  readonly #gate: CommitGate
  readonly #rules: ValidationRules
  readonly #recover: RecoverBlock
  readonly #proofs: ProofsAhead

  constructor(
    tree: BlockTree<ChainEntry>,
    gate: CommitGate,
    rules: ValidationRules,
    proofs: ProofsAhead,
    recover: RecoverBlock,
  ) {
    this.#tree = tree
    this.#gate = gate
    this.#rules = rules
    this.#recover = recover
    this.#proofs = proofs
  }

  /** Executes a block on its parent in the tree, and adds it there when it is valid. */
  async execute(block: Block): Promise<Execution> {
    const known = this.#tree.get(block.hash)
    if (known !== undefined) return { verdict: 'valid', entry: known }
    const execution = await this.#run(block, () => this.#tree.get(block.header.parentHash))
    if (execution.verdict === 'valid' && !this.#tree.add(execution.entry)) return { verdict: 'retry' }
    return execution
  }

  /** The block's transactions, for `executeOn`: signatures are checked while blocks before it are executed. */
  recover(block: Block): Recovering {
    return this.#recover(block.transactions)
  }

  /** As `execute`, on a parent of the final chain's future, without touching the tree. */
  async executeOn(block: Block, parent: ChainEntry, recovering: Recovering): Promise<Execution> {
    return this.#run(block, () => (this.#standsOnFinal(parent) ? parent : undefined), recovering)
  }

  /** States below the last final block are gone from under their layers. */
  #standsOnFinal(entry: ChainEntry): boolean {
    const { final } = this.#tree
    const { height } = entry.block.header
    return height > final.block.header.height || equalBytes(entry.block.hash, final.block.hash)
  }

  /** @param parentNow the parent, or nothing once it was abandoned: asked anew after each wait */
  async #run(block: Block, parentNow: () => ChainEntry | undefined, recovering?: Recovering): Promise<Execution> {
    while (this.#gate.busy !== undefined) await this.#gate.busy
    const parent = parentNow()
    if (parent === undefined) return { verdict: 'retry' }
    const refusal = checkHeader(block, parent, this.#rules) ?? checkBody(block)
    if (refusal !== undefined) return invalid(refusal.code, refusal.message)
    const transactions = await (recovering ?? this.#recover(block.transactions))
    if (transactions === undefined) return { verdict: 'retry' }
    if (!transactions.ok) return invalid('BLOCK_TX_REFUSED', transactions.error.message)
    const run = await this.#executeBody(block, transactions.value, parentNow)
    if (run === undefined) return { verdict: 'retry' }
    const { outcome } = run
    if (!outcome.ok) return invalid(outcome.error.code, outcome.error.message)
    const applied = checkExecuted(block, transactions.value, run.parent, outcome.value)
    return applied.ok
      ? { verdict: 'valid', entry: entryOf(applied.value) }
      : invalid(applied.error.code, applied.error.message)
  }

  /** Undefined once the parent was abandoned. No commit is under way when it answers. */
  async #executeBody(block: Block, transactions: readonly Transaction[], parentNow: () => ChainEntry | undefined) {
    const isQuiet = async (): Promise<void> => {
      while (this.#gate.busy !== undefined) await this.#gate.busy
    }
    await isQuiet()
    return runBlock(block.header.height, this.#rules, this.#proofs, {
      begin: (rules) => {
        const parent = parentNow()
        return parent && { parent, outcome: executeBody(block, transactions, parent, rules) }
      },
      isCurrent: async ({ parent }) => {
        await isQuiet()
        return parentNow() === parent
      },
    })
  }
}
