/**
 * The tree of active lanes in the state: pages of four levels, so that a touched lane rewrites a few records of half a
 * kilobyte. A subtree with one lane is that lane and needs no page.
 */
import { equalBytes, type Hash } from '../../core/bytes.ts'
import type { StateView } from '../state/view.ts'
import type { LaneProof } from './proof.ts'
import { lanePages, laneTree, PAGE_LEVELS, PAGE_SLOTS, type Subtree } from './tables.ts'
import { collapsedLane, emptyAt, LANE_TREE_DEPTH, type Lane, laneNode } from './tree.ts'

/** `leaf` undefined takes the lane out. */
export interface LaneChange {
  readonly key: Hash
  readonly leaf: Hash | undefined
}

/** What proofs read; the live state and a past one alike. */
export type LaneState = Pick<StateView, 'get'>

function hashOf(subtree: Subtree, depth: number): Hash {
  if (subtree === undefined) return emptyAt(depth)
  return 'hash' in subtree ? subtree.hash : collapsedLane(subtree.lane.key, subtree.lane.leaf)
}

/** @param depth of the two */
function join(left: Subtree, right: Subtree, depth: number): Subtree {
  if (right === undefined && (left === undefined || 'lane' in left)) return left
  if (left === undefined && right !== undefined && 'lane' in right) return right
  return { hash: laneNode(hashOf(left, depth), hashOf(right, depth)) }
}

/** From the page's own level down to its slots: 1, 2, 4, 8 and 16 subtrees. */
function levelsOf(page: readonly Subtree[], depth: number): (readonly Subtree[])[] {
  const levels = [page]
  for (let at = depth + PAGE_LEVELS; at > depth; at--) {
    const below = levels[0]!
    levels.unshift(Array.from({ length: below.length / 2 }, (_, i) => join(below[2 * i], below[2 * i + 1], at)))
  }
  return levels
}

const slotOf = (key: Hash, depth: number): number => (key[depth >> 3]! >> (depth & 7 ? 0 : 4)) & 0xf

/** The first `depth` bits. */
function pathOf(key: Hash, depth: number): Hash {
  const path = new Uint8Array(32)
  path.set(key.subarray(0, depth >> 3))
  if (depth & 7) path[depth >> 3] = key[depth >> 3]! & 0xf0
  return path
}

/** Applies changes of different keys, and says what the tree's root is then. */
export function updateLanes(state: StateView, changes: readonly LaneChange[]): Hash {
  const before = state.get(laneTree, undefined)
  const after = updateSubtree(state, before, changes, 0)
  if (after === undefined) {
    if (before !== undefined) state.delete(laneTree, undefined)
  } else if (after !== before) state.set(laneTree, undefined, after)
  return hashOf(after, 0)
}

function updateSubtree(state: StateView, before: Subtree, changes: readonly LaneChange[], depth: number): Subtree {
  if (changes.length === 0) return before
  const pageKey = { depth, path: pathOf(changes[0]!.key, depth) }
  let page: readonly Subtree[]
  let all = changes
  if (before !== undefined && 'hash' in before) page = state.get(lanePages, pageKey)!
  else {
    all = withLane(before, changes)
    if (all.length === 0) return undefined
    if (all.length === 1) return { lane: all[0] as Lane }
    page = new Array<Subtree>(PAGE_SLOTS).fill(undefined)
  }
  const bySlot = Array.from({ length: PAGE_SLOTS }, (): LaneChange[] => [])
  for (const change of all) bySlot[slotOf(change.key, depth)]!.push(change)
  const next = page.map((slot, i) => updateSubtree(state, slot, bySlot[i]!, depth + PAGE_LEVELS))
  const held = next.filter((slot) => slot !== undefined)
  if (held.length === 0 || (held.length === 1 && 'lane' in held[0]!)) {
    state.delete(lanePages, pageKey)
    return held[0]
  }
  state.set(lanePages, pageKey, next)
  return levelsOf(next, depth)[0]![0]
}

/** The lanes of a subtree that had one at most, after the changes. */
function withLane(before: { readonly lane: Lane } | undefined, changes: readonly LaneChange[]): readonly LaneChange[] {
  const after = changes.filter(({ leaf }) => leaf !== undefined)
  const isKept = before !== undefined && changes.every(({ key }) => !equalBytes(key, before.lane.key))
  return isKept ? [...after, before.lane] : after
}

/** That the lane is in the tree, or that it is not. */
export function proveLane(state: LaneState, key: Hash): LaneProof {
  const bitmap = new Uint8Array(LANE_TREE_DEPTH / 8).fill(0xff)
  const siblings: Hash[] = []
  let at: Subtree = state.get(laneTree, undefined)
  let levels: (readonly Subtree[])[] = []
  let depth = 0
  while (at !== undefined && 'hash' in at) {
    const inPage = depth % PAGE_LEVELS
    if (inPage === 0) levels = levelsOf(state.get(lanePages, { depth, path: pathOf(key, depth) })!, depth)
    const slot = slotOf(key, depth - inPage) >> (PAGE_LEVELS - 1 - inPage)
    const sibling: Subtree = levels[inPage + 1]![slot ^ 1]
    if (sibling !== undefined) {
      bitmap[depth >> 3]! &= ~(1 << (depth & 7))
      siblings.push(hashOf(sibling, depth + 1))
    }
    at = levels[inPage + 1]![slot]
    depth++
  }
  return { bitmap, siblings, terminal: terminalOf(at, key, depth) }
}

function terminalOf(lane: { readonly lane: Lane } | undefined, key: Hash, depth: number): LaneProof['terminal'] {
  if (lane === undefined || depth === LANE_TREE_DEPTH) return { kind: 'full' }
  const { key: found, leaf } = lane.lane
  return equalBytes(found, key) ? { kind: 'collapsed', depth } : { kind: 'other', depth, key: found, leaf }
}
