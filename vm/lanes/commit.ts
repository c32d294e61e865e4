/**
 * What a block commits to of its lanes, once its transactions are executed. Ours is a chain, so of KIP-21's terms: the
 * mergeset is the parent; blue score, DAA score and blue work are the height; and since a block's hash covers its
 * commitment, the miner leaf names the parent and the parent's proposer. There is no coinbase lane.
 *
 * A lane is active for `laneWindowBlocks` after its last touch; one that returns later begins anew on its parent's commitment.
 * Until vProgs are active commitments are zero, and nothing here is called. PROTOCOL 8.
 */
import { type Hash, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import type { BlockContext } from '../execution/types.ts'
import type { ChainParams } from '../params.ts'
import { recentBlocks } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import {
  activityDigest,
  type CommitmentPath,
  commitmentOf,
  contextHash,
  type LaneActivity,
  type LaneContext,
  laneKey,
  laneLeaf,
  minerLeaf,
  nextTip,
  payloadAndContext,
  strippedBigEndian,
} from './hashing.ts'
import { type LaneChange, type LaneState, updateLanes } from './pages.ts'
import { blockHeights, lanes, laneTouches } from './tables.ts'

/** A transaction of a lane that the block holds and that succeeded. */
export interface BlockActivity extends LaneActivity {
  readonly laneId: Uint8Array
}

type Window = Pick<ChainParams, 'laneWindowBlocks'>

/** Context of a block's lanes. */
export const laneContext = ({ height, parent }: BlockContext): LaneContext => ({
  timestampMs: parent.timestampMs,
  daaScore: height,
  blueScore: height,
})

/** One leaf is its own root. */
export const payloadRoot = ({ parent }: BlockContext): Hash =>
  minerLeaf(parent.hash, strippedBigEndian(parent.height), parent.proposer)

/** What leads from a block's lanes root to its commitment. */
export function commitmentPath(state: LaneState, block: BlockContext, { laneWindowBlocks }: Window): CommitmentPath {
  const { parent, height } = block
  const beyond = height - laneWindowBlocks - 1
  return {
    parentSeqCommit: parent.seqCommit,
    inactivityShortcut: (beyond > 0 ? state.get(recentBlocks, beyond)?.seqCommit : undefined) ?? ZERO_HASH,
    payloadAndContext: payloadAndContext(contextHash(laneContext(block)), payloadRoot(block)),
  }
}

/** Takes a block's activity into the lanes. @param activity in the block's order @returns the block's seqCommit */
export function commitLanes(
  state: StateView,
  block: BlockContext,
  activity: readonly BlockActivity[],
  params: Window,
): Hash {
  const { height, parent } = block
  const context = contextHash(laneContext(block))
  const changes = new Map<string, LaneChange>()
  for (const key of expire(state, height - params.laneWindowBlocks - 1))
    changes.set(hexKey(key), { key, leaf: undefined })
  for (const { laneId, leaves } of byLane(activity)) {
    const key = laneKey(laneId)
    const parentRef = state.get(lanes, key)?.tip ?? parent.seqCommit
    const tip = nextTip(parentRef, key, activityDigest(leaves), context)
    state.set(lanes, key, { laneId, tip, lastTouch: height })
    changes.set(hexKey(key), { key, leaf: laneLeaf(tip, height) })
  }
  const touched = [...changes.values()].filter(({ leaf }) => leaf !== undefined).map(({ key }) => key)
  if (touched.length > 0) state.set(laneTouches, height, touched)
  return commitmentOf(updateLanes(state, [...changes.values()]), commitmentPath(state, block, params))
}

/** Lanes whose last touch is out of the window now. */
function expire(state: StateView, height: number): Hash[] {
  const touched = height > 0 ? state.get(laneTouches, height) : undefined
  if (touched === undefined) return []
  state.delete(laneTouches, height)
  const expired = touched.filter((key) => state.get(lanes, key)?.lastTouch === height)
  for (const key of expired) state.delete(lanes, key)
  return expired
}

function byLane(activity: readonly BlockActivity[]): { laneId: Uint8Array; leaves: LaneActivity[] }[] {
  const found = new Map<string, { laneId: Uint8Array; leaves: LaneActivity[] }>()
  for (const { laneId, ...leaf } of activity) {
    const lane = found.get(hexKey(laneId))
    if (lane === undefined) found.set(hexKey(laneId), { laneId, leaves: [leaf] })
    else lane.leaves.push(leaf)
  }
  return [...found.values()]
}

/** Records the parent's height by its hash, for `seqCommitOf`; the one that leaves the window is forgotten. */
export function recordHeight(state: StateView, { parent }: BlockContext, { laneWindowBlocks }: Window): void {
  state.set(blockHeights, parent.hash, parent.height)
  const beyond = parent.height - laneWindowBlocks
  const forgotten = beyond >= 0 ? state.get(recentBlocks, beyond) : undefined
  if (forgotten !== undefined) state.delete(blockHeights, forgotten.hash)
}

/** What OpChainblockSeqCommit finds: of an ancestor within the window. */
export function seqCommitOf(
  state: LaneState,
  { height }: Pick<BlockContext, 'height'>,
  { laneWindowBlocks }: Window,
  blockHash: Hash,
): Hash | undefined {
  const at = state.get(blockHeights, blockHash)
  return at === undefined || at <= height - laneWindowBlocks ? undefined : state.get(recentBlocks, at)?.seqCommit
}
