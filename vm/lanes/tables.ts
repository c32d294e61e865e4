/**
 * Lanes as records of the state: what is under the state root rolls back, is pruned, proved and handed to newcomers like
 * everything else.
 */
import { concatBytes, EMPTY_BYTES, type Hash, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { type RlpItem, rlpBytes, rlpList, rlpNumber, encodeUint as uint } from '../../core/rlp.ts'
import { defineTable } from '../state/table.ts'
import type { Lane } from './tree.ts'

const SINGLETON = Uint8Array.of(0)

export interface LaneRecord {
  /** Subnetwork id, 20 bytes. */
  readonly laneId: Uint8Array
  readonly tip: Hash
  /** Height of the newest block with activity of the lane. */
  readonly lastTouch: number
}

/** Active lanes by lane key. */
export const lanes = defineTable<Hash, LaneRecord>({
  name: 'lane',
  domain: 'tableLane',
  key: (key) => key,
  toRlp: (lane) => [lane.laneId, lane.tip, uint(lane.lastTouch)],
  fromRlp: (item) => {
    const [laneId, tip, lastTouch] = rlpList(item, 3)
    return { laneId: rlpBytes(laneId, 20), tip: rlpBytes(tip, 32), lastTouch: rlpNumber(lastTouch) }
  },
})

/** Keys of the lanes that the block at a height touched, until they are out of the window. */
export const laneTouches = defineTable<number, readonly Hash[]>({
  name: 'laneTouches',
  domain: 'tableLaneTouches',
  key: (height) => u64be(height),
  toRlp: (keys) => [...keys],
  fromRlp: (item) => rlpList(item).map((key) => rlpBytes(key, 32)),
})

/** A subtree: without lanes, with one alone, or with more, of this hash. */
export type Subtree = undefined | { readonly lane: Lane } | { readonly hash: Hash }

/** Subtrees in a page; four levels below its own. */
export const PAGE_SLOTS = 16
export const PAGE_LEVELS = 4

function subtreeToRlp(subtree: Subtree): RlpItem {
  if (subtree === undefined) return EMPTY_BYTES
  return 'hash' in subtree ? subtree.hash : [subtree.lane.key, subtree.lane.leaf]
}

function subtreeFromRlp(item: RlpItem | undefined): Subtree {
  if (item instanceof Uint8Array) return item.length === 0 ? undefined : { hash: rlpBytes(item, 32) }
  if (item === undefined) throw new QuernError('RLP_LIST_LENGTH', 'a lane page has 16 subtrees')
  const [key, leaf] = rlpList(item, 2)
  return { lane: { key: rlpBytes(key, 32), leaf: rlpBytes(leaf, 32) } }
}

export interface PageKey {
  /** Multiple of 4. */
  readonly depth: number
  /** 32 bytes; the bits from `depth` on are zero. */
  readonly path: Hash
}

/** Sixteen subtrees that together hold two lanes or more. */
export const lanePages = defineTable<PageKey, readonly Subtree[]>({
  name: 'lanePage',
  domain: 'tableLanePage',
  key: ({ depth, path }) => concatBytes(Uint8Array.of(depth), path),
  toRlp: (page) => page.map(subtreeToRlp),
  fromRlp: (item) => rlpList(item, PAGE_SLOTS).map(subtreeFromRlp),
})

/** The whole tree; no record while it is empty. */
export const laneTree = defineTable<void, Exclude<Subtree, undefined>>({
  name: 'laneTree',
  domain: 'tableLaneTree',
  key: () => SINGLETON,
  toRlp: (root) => [subtreeToRlp(root)],
  fromRlp: (item) => subtreeFromRlp(rlpList(item, 1)[0])!,
})

/** Heights of the blocks whose commitments scripts may ask for, by block hash. */
export const blockHeights = defineTable<Hash, number>({
  name: 'blockHeight',
  domain: 'tableBlockHeight',
  key: (hash) => hash,
  toRlp: (height) => uint(height),
  fromRlp: (item) => rlpNumber(item),
})
