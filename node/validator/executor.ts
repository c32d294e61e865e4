/** Executes blocks that arrive on the block tree. A block is valid or not by consensus/validate.ts; this finds its parent. */

import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Block } from '../../consensus/types.ts'
import {
  type BlockErrorCode,
  checkBody,
  checkHeader,
  executeChecked,
  type ValidationRules,
} from '../../consensus/validate.ts'
import type { Result } from '../../core/errors.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { type ChainEntry, entryOf } from './entry.ts'

/** Envelopes to transactions, off the event loop; undefined when this node is too busy or closing. */
export type RecoverBlock = (
  envelopes: readonly Uint8Array[],
) => Promise<Result<readonly Transaction[], string> | undefined>

export type Execution =
  | { readonly verdict: 'valid'; readonly entry: ChainEntry }
  | { readonly verdict: 'invalid'; readonly code: BlockErrorCode; readonly message: string }
  /** The parent is not here, or there is no room: nothing is said about the block. */
  | { readonly verdict: 'retry' }

const invalid = (code: BlockErrorCode, message: string): Execution => ({ verdict: 'invalid', code, message })

export class Executor {
  readonly #tree: BlockTree<ChainEntry>
  readonly #rules: ValidationRules
  readonly #recover: RecoverBlock

  constructor(tree: BlockTree<ChainEntry>, rules: ValidationRules, recover: RecoverBlock) {
    this.#tree = tree
    this.#rules = rules
    this.#recover = recover
  }

  /** Executes a block on its parent in the tree, and adds it there when it is valid. */
  async execute(block: Block): Promise<Execution> {
    const known = this.#tree.get(block.hash)
    if (known !== undefined) return { verdict: 'valid', entry: known }
    const parent = this.#tree.get(block.header.parentHash)
    if (parent === undefined) return { verdict: 'retry' }
    const execution = await this.executeOn(block, parent)
    // The tree may have moved on meanwhile: then its branch lost, or it was added by another path.
    if (execution.verdict === 'valid' && !this.#tree.add(execution.entry)) return { verdict: 'retry' }
    return execution
  }

  /** The same on a given parent, without touching the tree. */
  async executeOn(block: Block, parent: ChainEntry): Promise<Execution> {
    const refusal = checkHeader(block, parent, this.#rules) ?? checkBody(block)
    if (refusal !== undefined) return invalid(refusal.code, refusal.message)
    const transactions = await this.#recover(block.transactions)
    if (transactions === undefined) return { verdict: 'retry' }
    if (!transactions.ok) return invalid('BLOCK_TX_REFUSED', transactions.error.message)
    const applied = executeChecked(block, transactions.value, parent, this.#rules)
    return applied.ok
      ? { verdict: 'valid', entry: entryOf(applied.value) }
      : invalid(applied.error.code, applied.error.message)
  }
}
