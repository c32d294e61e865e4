/**
 * The chain again, from genesis: every block validated as if it had just arrived, on a state that starts empty. What a
 * live node computed and what a replay computes must be the same, whatever machine, backend or year it is.
 */
import { ok, type Result } from '../core/errors.ts'
import type { TreeState } from '../vm/state/layers.ts'
import type { Block } from './types.ts'
import {
  type AppliedBlock,
  type BlockErrorCode,
  type Recover,
  type ValidationRules,
  validateBlock,
} from './validate.ts'

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
