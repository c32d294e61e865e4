/**
 * The tree of active lanes: depth 256, keyed by lane key, most significant bit first.
 *
 *     empty of height h       E(0) = 32 zero bytes, E(h + 1) = node(E(h), E(h))
 *     one lane below          collapsed(lane key, leaf), at whatever depth the subtree stands
 *     more                    node(left, right)
 *
 * Source: KIP-21; rusty-kaspa crypto/smt; `kip21_lane_smt.json`.
 */
import type { Hash } from '../../core/bytes.ts'
import { ZERO_HASH } from '../../core/bytes.ts'
import { keyBit } from '../../core/smt/index.ts'
import { BLAKE3 } from '../kip/hashers.ts'

export const LANE_TREE_DEPTH = 256

export const laneNode = (left: Hash, right: Hash): Hash => BLAKE3.SeqCommitActiveNode(left, right)
export const collapsedLane = (key: Hash, leaf: Hash): Hash => BLAKE3.SeqCommitActiveCollapsedNode(key, leaf)

/** By height: the hash of a subtree without lanes; 0 is a leaf's place, 256 the whole tree. */
export const EMPTY_LANES: readonly Hash[] = (() => {
  const empties = [ZERO_HASH]
  for (let height = 1; height <= LANE_TREE_DEPTH; height++) {
    empties.push(laneNode(empties[height - 1]!, empties[height - 1]!))
  }
  return empties
})()

/** The hash of an empty subtree whose root stands at `depth`. */
export const emptyAt = (depth: number): Hash => EMPTY_LANES[LANE_TREE_DEPTH - depth]!

export interface Lane {
  readonly key: Hash
  readonly leaf: Hash
}

/** Of a subtree at `depth` with these lanes, ascending by key. What other ways of computing it are held against. */
export function lanesRoot(lanes: readonly Lane[], depth = 0): Hash {
  if (lanes.length === 0) return emptyAt(depth)
  if (lanes.length === 1) return collapsedLane(lanes[0]!.key, lanes[0]!.leaf)
  const firstRight = lanes.findIndex(({ key }) => keyBit(key, depth) === 1)
  const split = firstRight < 0 ? lanes.length : firstRight
  return laneNode(lanesRoot(lanes.slice(0, split), depth + 1), lanesRoot(lanes.slice(split), depth + 1))
}
