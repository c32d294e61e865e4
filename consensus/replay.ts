/**
 * The chain again, from genesis: every block validated as if it had just arrived, on a state that starts empty. What a
 * live node computed and what a replay computes must be the same, whatever machine, backend or year it is.
 */
import { fail, ok, QuernError, type Result } from '../core/errors.ts'
import type { RefusalCode } from '../vm/execution/types.ts'
import type { ChainParams } from '../vm/params.ts'
import type { TreeState } from '../vm/state/layers.ts'
import { decodeOptions, decodeTransaction } from '../vm/transaction/envelope.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import type { Block } from './types.ts'
import {
  type AppliedBlock,
  type BlockErrorCode,
  type Recover,
  type ValidationRules,
  validateBlock,
} from './validate.ts'

/** Recovers senders one after another, where nothing else waits: in a replay. */
export const recoverInline =
  (params: ChainParams): Recover =>
  (envelopes): Result<readonly Transaction[], RefusalCode> => {
    try {
      const options = decodeOptions(params)
      return ok(envelopes.map((raw) => decodeTransaction(raw, params.chainId, options)))
    } catch (error) {
      if (error instanceof QuernError) return fail(error.code as RefusalCode, error.message)
      throw error
    }
  }

/** Where replayed blocks become final. It starts with the genesis state. */
export interface ReplayTarget {
  readonly state: TreeState
  /** Takes the block in and settles its layer. */
  commit(applied: AppliedBlock): void | Promise<void>
}

/**
 * @param genesis block 0; `target` holds its state
 * @param blocks from height 1 on, in order
 * @returns the last block, or why the first bad one is invalid
 */
export async function replay(
  genesis: Block,
  blocks: AsyncIterable<Block> | Iterable<Block>,
  target: ReplayTarget,
  rules: ValidationRules,
  recover: Recover,
): Promise<Result<Block, BlockErrorCode>> {
  let last = genesis
  for await (const block of blocks) {
    const applied = validateBlock(block, { block: last, state: target.state }, rules, recover)
    if (!applied.ok) return applied
    await target.commit(applied.value)
    last = block
  }
  return ok(last)
}
