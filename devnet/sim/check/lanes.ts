/**
 * The commitment of every block, computed from all blocks before it (PROTOCOL 8, KIP-21), with the whole tree of lanes built
 * anew each time. Of the node it takes the hash functions.
 */
import type { Header } from '../../../consensus/types.ts'
import { equalBytes, type Hash, hexKey, ZERO_HASH } from '../../../core/bytes.ts'
import { BLAKE3 } from '../../../vm/kip/hashers.ts'
import { littleEndian } from './kip-id.ts'

const TREE_DEPTH = 256

const branch = BLAKE3.SeqCommitmentMerkleBranchHash

interface LaneTip {
  readonly key: Hash
  readonly tip: Hash
  readonly lastTouch: number
}

/** A successful transaction of a lane. */
export interface Activity {
  readonly laneId: Uint8Array
  readonly txId: Hash
  /** In its block. */
  readonly index: number
}

export interface LaneRules {
  readonly vprogsFrom: number
  readonly laneWindowBlocks: number
}

type Parent = Pick<Header, 'height' | 'timestampMs' | 'proposer' | 'seqCommit'> & { readonly hash: Hash }

/** By height above the leaves: of a subtree without lanes. */
const EMPTY_ROOTS: Hash[] = [ZERO_HASH]
for (let below = ZERO_HASH; EMPTY_ROOTS.length <= TREE_DEPTH; EMPTY_ROOTS.push(below)) {
  below = BLAKE3.SeqCommitActiveNode(below, below)
}

const isRight = (key: Hash, depth: number): boolean => ((key[depth >> 3]! << (depth & 7)) & 0x80) !== 0

function rootOf(lanes: readonly LaneTip[], depth: number): Hash {
  const [only, second] = lanes
  if (only === undefined) return EMPTY_ROOTS[TREE_DEPTH - depth]!
  if (second === undefined) {
    const leaf = BLAKE3.SeqCommitActiveLeaf(only.tip, littleEndian(only.lastTouch, 8))
    return BLAKE3.SeqCommitActiveCollapsedNode(only.key, leaf)
  }
  const right = lanes.filter(({ key }) => isRight(key, depth))
  const left = lanes.filter(({ key }) => !isRight(key, depth))
  return BLAKE3.SeqCommitActiveNode(rootOf(left, depth + 1), rootOf(right, depth + 1))
}

/** Half of a level's pairs may lack their right one. */
function digestOf(activity: readonly Activity[]): Hash {
  let level = activity.map(({ txId, index }) =>
    BLAKE3.SeqCommitActivityLeaf(txId, littleEndian(1, 2), littleEndian(index, 4)),
  )
  while (level.length > 1) {
    level = level.flatMap((left, i) => (i % 2 === 1 ? [] : [branch(left, level[i + 1] ?? ZERO_HASH)]))
  }
  return level[0]!
}

function bigEndianWithout(height: number): Uint8Array {
  const bytes = littleEndian(height, 8).reverse()
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? new Uint8Array(0) : bytes.slice(first)
}

export class LaneModel {
  readonly #rules: LaneRules
  #lanes = new Map<string, LaneTip>()
  /** By height, from genesis on. */
  readonly #commitments: Hash[] = [ZERO_HASH]

  constructor(rules: LaneRules) {
    this.#rules = rules
  }

  get active(): readonly LaneTip[] {
    return [...this.#lanes.values()]
  }

  /** The next block, above the one added last. @returns what its header must commit to */
  add({ height }: Pick<Header, 'height'>, parent: Parent, activity: readonly Activity[]): Hash {
    const commitment = height < this.#rules.vprogsFrom ? ZERO_HASH : this.#commit(height, parent, activity)
    this.#commitments[height] = commitment
    return commitment
  }

  #commit(height: number, parent: Parent, activity: readonly Activity[]): Hash {
    const oldest = height - this.#rules.laneWindowBlocks
    const context = BLAKE3.SeqCommitMergesetContext(
      ...[littleEndian(parent.timestampMs, 8), littleEndian(height, 8), littleEndian(height, 8)],
    )
    this.#lanes = new Map([...this.#lanes].filter(([, { lastTouch }]) => lastTouch >= oldest))
    const touched = new Map(activity.map(({ laneId }) => [hexKey(laneId), laneId]))
    for (const laneId of touched.values()) {
      const key = BLAKE3.SeqCommitLaneKey(laneId)
      const before = this.#lanes.get(hexKey(key))?.tip ?? parent.seqCommit
      const digest = digestOf(activity.filter((each) => equalBytes(each.laneId, laneId)))
      this.#lanes.set(hexKey(key), {
        key,
        tip: BLAKE3.SeqCommitLaneTip(before, key, digest, context),
        lastTouch: height,
      })
    }
    const payload = BLAKE3.SeqCommitMinerPayloadLeaf(
      parent.hash,
      littleEndian(bigEndianWithout(parent.height).length, 8),
      bigEndianWithout(parent.height),
      BLAKE3.PayloadDigest(parent.proposer),
    )
    const shortcut = (oldest > 1 ? this.#commitments[oldest - 1] : undefined) ?? ZERO_HASH
    const active = BLAKE3.SeqCommitActivityRoot(shortcut, rootOf(this.active, 0))
    return branch(parent.seqCommit, branch(active, branch(context, payload)))
  }
}
