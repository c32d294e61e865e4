/**
 * Two-anchor proofs out of a node's blocks and states (vm/lanes/two-anchor.ts). Steps come from the blocks that touched the
 * lane; standings from the states at both ends, and where the lane was silent for longer than its window. Long lives come in
 * parts: each is a proof of its own, and begins where the one before ends.
 */

import { blockContext } from '../../../consensus/context.ts'
import type { Hash } from '../../../core/bytes.ts'
import { equalBytes } from '../../../core/bytes.ts'
import { laneContext } from '../../../vm/lanes/commit.ts'
import type { LaneStanding, LaneStep, TwoAnchorProof } from '../../../vm/lanes/two-anchor.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { prunedBlock } from '../block-ref.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { laneTransactions } from './lane-block.ts'
import { laneStanding } from './lane-standing.ts'

/** What bounds one part. */
export const PART_LIMITS = {
  /** Blocks that touched the lane: each is read, and its transactions go into the answer. */
  steps: 256,
  /** Transactions, some 2 MB of JSON. The step that exceeds them is the last. */
  activity: 16_384,
  /** Lane windows from one end to the other, and so the standings that show silence. */
  windows: 128,
} as const
type PartLimits = { readonly [Name in keyof typeof PART_LIMITS]: number }

/** Blocks read before anything else gets a turn. */
const BLOCKS_PER_TURN = 16

type Chain = Pick<NodeApi, 'genesis' | 'holdings' | 'latest' | 'blockByHeight' | 'stateAt' | 'vprogs'>

export interface TwoAnchorPart {
  readonly proof: TwoAnchorProof
  readonly to: ExecutedBlock
}

/**
 * @param to above `from`; the part ends there or before
 * @throws RpcError `BLOCK_PRUNED` where a block or state of the way is no longer held, `CHAIN_MOVED` where it was abandoned
 * meanwhile
 */
export async function twoAnchorPart(
  node: Chain,
  lane: { readonly id: Uint8Array; readonly key: Hash },
  from: ExecutedBlock,
  to: ExecutedBlock,
  limits: PartLimits = PART_LIMITS,
): Promise<TwoAnchorPart> {
  const window = node.genesis.params.laneWindowBlocks
  const first = from.block.header.height
  const last = Math.min(to.block.header.height, first + limits.windows * window)
  const blockAt = (height: number): ExecutedBlock => {
    const executed = node.blockByHeight(height)
    if (executed === undefined) throw height > node.latest().height ? chainMoved() : prunedBlock(node, height)
    return executed
  }
  const standingAt = (height: number): LaneStanding => laneStanding(node, blockAt(height), lane.key)
  /** Back over silent windows, to where the lane shows, or to where nothing can have happened since `provedAt`. */
  const silence = (height: number, provedAt: number | undefined): LaneStanding[] => {
    const standings: LaneStanding[] = []
    for (let at = height; ; at -= window + 1) {
      const standing = standingAt(at)
      standings.push(standing)
      if (standing.lane !== undefined) return standings
      if (provedAt !== undefined && at - window - 1 <= provedAt) return standings
    }
  }

  const start = standingAt(first)
  const steps: LaneStep[] = []
  const heights = await node.vprogs.laneHeights(lane.key, first + 1, last, limits.steps + 1)
  let end = heights.length > limits.steps ? heights[limits.steps - 1]! : last
  let provedAt: number | undefined = first
  let lastTouch = start.lane?.lastTouch
  let activityCount = 0
  for (const [i, height] of heights.slice(0, limits.steps).entries()) {
    if (i % BLOCKS_PER_TURN === BLOCKS_PER_TURN - 1) await new Promise((resolve) => setImmediate(resolve))
    const executed = blockAt(height)
    const context = laneContext(blockContext(executed.block.header, blockAt(height - 1).block, undefined))
    const activity = laneTransactions(executed, lane.key)
    const goesOn = lastTouch !== undefined && lastTouch >= height - window
    const begins = {
      on: blockAt(height - 1).block.header.seqCommit,
      silence: goesOn ? [] : silence(height - 1, provedAt),
    }
    steps.push(goesOn ? { context, activity } : { context, activity, begins })
    provedAt = undefined
    lastTouch = height
    activityCount += activity.length
    if (activityCount > limits.activity) {
      end = height
      break
    }
  }
  const proof = { laneId: lane.id, start, steps, end: silence(end, provedAt) }
  const ended = blockAt(end)
  // Final blocks stay; what was read of others belongs together only if both ends still stand.
  for (const one of [from, to]) {
    const { hash, header } = one.block
    if (!equalBytes(blockAt(header.height).block.hash, hash)) throw chainMoved()
  }
  return { proof, to: ended }
}

const chainMoved = (): RpcError =>
  new RpcError(RPC_CODE.resourceUnavailable, 'CHAIN_MOVED', 'a block of the proof was abandoned meanwhile: ask again')
