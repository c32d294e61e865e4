/**
 * The formulas of the sequencing commitment (KIP-21). Each block commits to every lane that is active, and to the commitment
 * of its parent, so whoever knows one header can follow one lane and needs nothing of the others.
 *
 *     seqCommit
 *     ├─ parent's seqCommit
 *     └─ state root
 *        ├─ activity root ── inactivity shortcut, lanes root (tree.ts)
 *        └─ payload and context ── context, payload root (who made the merged blocks)
 *
 * Source: KIP-21; rusty-kaspa consensus/seq-commit/src/hashing.rs; `kip21_goldens.json`.
 */
import { type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { u16le, u32le, u64le, withLength } from '../kip/encode.ts'
import { BLAKE3 } from '../kip/hashers.ts'

const pair = BLAKE3.SeqCommitmentMerkleBranchHash

/** Position of a lane in the tree. @param laneId subnetwork id, 20 bytes */
export const laneKey = (laneId: Uint8Array): Hash => BLAKE3.SeqCommitLaneKey(laneId)

/** What of a block its lanes' transactions depend on. */
export interface LaneContext {
  /** Of the selected parent. */
  readonly timestampMs: number
  readonly daaScore: number
  readonly blueScore: number
}

export const contextHash = ({ timestampMs, daaScore, blueScore }: LaneContext): Hash =>
  BLAKE3.SeqCommitMergesetContext(u64le(timestampMs), u64le(daaScore), u64le(blueScore))

/** One transaction of a lane, at its place among everything its block accepts. */
export interface LaneActivity {
  readonly txId: Hash
  readonly version: number
  readonly mergeIndex: number
}

export const activityLeaf = ({ txId, version, mergeIndex }: LaneActivity): Hash =>
  BLAKE3.SeqCommitActivityLeaf(txId, u16le(version), u32le(mergeIndex))

/**
 * Merkle root padded to a power of two: a missing right child is zero, pairs that are missing whole stay missing, one leaf is
 * its own root, and none is zero.
 */
export function paddedRoot(leaves: readonly Hash[]): Hash {
  let level = leaves
  while (level.length > 1) {
    const next: Hash[] = []
    for (let i = 0; i < level.length; i += 2) next.push(pair(level[i]!, level[i + 1] ?? ZERO_HASH))
    level = next
  }
  return level[0] ?? ZERO_HASH
}

export const activityDigest = (activity: readonly LaneActivity[]): Hash => paddedRoot(activity.map(activityLeaf))

/** @param parentRef the lane's previous tip, or the parent's seqCommit where the lane was not active */
export const nextTip = (parentRef: Hash, key: Hash, digest: Hash, context: Hash): Hash =>
  BLAKE3.SeqCommitLaneTip(parentRef, key, digest, context)

/** @param lastTouch blue score of the newest block with activity of the lane */
export const laneLeaf = (tip: Hash, lastTouch: number): Hash => BLAKE3.SeqCommitActiveLeaf(tip, u64le(lastTouch))

/** @param blueWork big endian without leading zeros */
export const minerLeaf = (blockHash: Hash, blueWork: Uint8Array, coinbasePayload: Uint8Array): Hash =>
  BLAKE3.SeqCommitMinerPayloadLeaf(blockHash, withLength(blueWork), BLAKE3.PayloadDigest(coinbasePayload))

export const payloadAndContext = (context: Hash, payloadRoot: Hash): Hash => pair(context, payloadRoot)

export const activityRoot = (inactivityShortcut: Hash, lanesRoot: Hash): Hash =>
  BLAKE3.SeqCommitActivityRoot(inactivityShortcut, lanesRoot)

export const stateRoot = (activity: Hash, payloadAndContextDigest: Hash): Hash =>
  pair(activity, payloadAndContextDigest)

export const seqCommit = (parentSeqCommit: Hash, state: Hash): Hash => pair(parentSeqCommit, state)

/** What stands between a lanes root and its block's commitment; a lane proof brings it along. */
export interface CommitmentPath {
  readonly parentSeqCommit: Hash
  readonly inactivityShortcut: Hash
  readonly payloadAndContext: Hash
}

export const commitmentOf = (lanesRoot: Hash, path: CommitmentPath): Hash =>
  seqCommit(path.parentSeqCommit, stateRoot(activityRoot(path.inactivityShortcut, lanesRoot), path.payloadAndContext))

/** Big endian without leading zeros: none for 0. */
export function strippedBigEndian(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = BigInt(value); rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn))
  return Uint8Array.from(bytes)
}
