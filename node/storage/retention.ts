/**
 * How much of the past a node keeps, by its mode and the parameters of its chain.
 *
 *     archive    everything
 *     full       the newest blocks, and the states after fewer of them; never less than LEAST below
 *
 * Execution reads the state of the parent alone, and whatever rules look back at (recent blocks, old validator sets, open
 * evidence) is in it. So these bounds are for others:
 *
 *     blocks    the unbonding time: a peer that was away for less may catch up block by block; one that was away for longer
 *               may not trust what it knew and joins from a checkpoint (PROTOCOL 10)
 *     states    two epochs: the state after the last block of the newest whole epoch, from which others join, is at most two
 *               epochs old while they fetch it, and the work behind the leaders' weights is read there too
 */
import type { ChainParams } from '../../vm/params.ts'
import type { Held } from './layout.ts'

/** `light` keeps neither blocks nor states (light/light-node.ts). */
export type NodeMode = 'full' | 'archive' | 'light'

export interface Retention {
  /** Blocks below the newest final one that are kept. */
  readonly blocks: number
  /** States of blocks below the newest final one that are kept. */
  readonly states: number
}

type EpochTimes = Pick<ChainParams, 'epochBlocks' | 'unbondingEpochs'>

export const leastRetention = ({ epochBlocks, unbondingEpochs }: EpochTimes): Retention => {
  const states = 2 * epochBlocks
  return { blocks: Math.max(unbondingEpochs * epochBlocks, states), states }
}

/** Undefined: everything. What is asked for is raised to the least. */
export function retentionOf(
  {
    mode,
    keepBlocks,
    keepStates,
  }: { readonly mode: NodeMode; readonly keepBlocks: number; readonly keepStates: number },
  params: EpochTimes,
): Retention | undefined {
  if (mode === 'archive') return undefined
  const least = leastRetention(params)
  const states = Math.max(keepStates, least.states)
  // The root that a state is checked against stands in the block.
  return { blocks: Math.max(keepBlocks, least.blocks, states), states }
}

/** What a store with this head needs to hold. */
export const heldUnder = ({ blocks, states }: Retention, head: number): Held => ({
  blocksFrom: Math.max(0, head - blocks),
  statesFrom: Math.max(0, head - states),
})
