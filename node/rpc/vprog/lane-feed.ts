/**
 * Follows one lane: its activity at the notarised tip, what a rollback takes away again, and what became final. It goes from
 * one block with activity to the next by the index, so a lane costs what it does itself.
 *
 * `added` comes in ascending order; `dropped` takes back the newest that stands; `final` comes once for each that stands, in
 * order, after its `added`. A cursor names a block and how far finality was told, so nothing is missing or twice after a break,
 * even where the block was abandoned meanwhile.
 */
import { equalBytes, fromHex, type Hash } from '../../../core/bytes.ts'
import type { NodeApi } from '../../api.ts'
import { heightOf, prunedBlock } from '../block-ref.ts'
import { type Footprint, footprint, MAX_TRAIL } from '../chain/block-walk.ts'
import { branchTo, type Feed, isOnChain, type SubscribeOptions } from '../chain/subscription.ts'
import type { ChainEvent } from '../chain/topics.ts'
import { invalidParams, notFound, RPC_CODE, RpcError } from '../errors.ts'
import { laneTransactions } from './lane-block.ts'
import { addedEvent, laneCursor, leftEvent, readLaneCursor } from './lane-events.ts'

type Chain = Pick<NodeApi, 'latest' | 'finalized' | 'holdings' | 'blockByHeight' | 'blockByHash' | 'stateAt' | 'vprogs'>

/** A block that the walk stands on, or may have to step back over. */
interface Stop {
  readonly block: Footprint
  /** Whether its activity was told. */
  readonly isTold: boolean
  isFinal: boolean
}

interface Start {
  /** Oldest first, each an ancestor of the next. */
  readonly trail: Stop[]
  /** Where to look first. */
  readonly from: number
  readonly final: number
}

export class LaneFeed implements Feed {
  readonly #node: Chain
  readonly #key: Hash
  readonly #trail: Stop[]
  /** Where to look next. */
  #from: number
  /** The lowest height that may ever be looked at. */
  #begin: number
  /** Up to here final blocks were looked at since the newest stop. */
  #quiet = -1
  /** Up to here activity was told to be final, or was there before. */
  #final: number

  constructor(node: Chain, key: Hash, { trail, from, final }: Start) {
    this.#node = node
    this.#key = key
    this.#trail = trail
    this.#from = from
    this.#begin = from
    this.#final = final
  }

  async next(): Promise<readonly ChainEvent[] | undefined> {
    return this.#dropped() ?? this.#finalized() ?? (await this.#added())
  }

  #dropped(): readonly ChainEvent[] | undefined {
    const last = this.#trail.at(-1)
    if (last === undefined || this.#stands(last.block)) return undefined
    const { header } = last.block
    this.#trail.pop()
    this.#begin = Math.min(this.#begin, header.height)
    // Where the old branch had nothing to tell, the new one may have.
    const before = this.#trail.at(-1)?.block.header.height
    this.#from = (before ?? Math.max(this.#begin - 1, Math.min(this.#quiet, this.#node.finalized().height))) + 1
    this.#final = Math.min(this.#final, this.#from - 1)
    if (!last.isTold) return []
    return [this.#event(leftEvent('dropped', last.block), { height: header.height - 1, hash: header.parentHash })]
  }

  /** What is pruned is final. */
  #stands = (block: Footprint): boolean =>
    block.header.height < this.#node.holdings().blocksFrom || isOnChain(this.#node, block)

  #finalized(): readonly ChainEvent[] | undefined {
    const at = this.#trail.findIndex(({ isTold, isFinal }) => isTold && !isFinal)
    const stop = this.#trail[at]
    if (stop === undefined || stop.block.header.height > this.#node.finalized().height) return undefined
    stop.isFinal = true
    this.#final = stop.block.header.height
    this.#trail.splice(0, at)
    return [this.#event(leftEvent('final', stop.block))]
  }

  /** With many blocks waiting for finality it waits as well: each of them may be dropped. */
  async #added(): Promise<readonly ChainEvent[] | undefined> {
    const tip = this.#node.latest()
    const from = this.#from
    if (from > tip.height || this.#trail.length >= MAX_TRAIL) return undefined
    if (from < this.#node.holdings().blocksFrom) throw prunedBlock(this.#node, from)
    const { height: finalHeight } = this.#node.finalized()
    const [height] = await this.#node.vprogs.laneHeights(this.#key, from, tip.height, 1)
    // What was found belongs to the chain as it was.
    if (!equalBytes(this.#node.latest().hash, tip.hash)) return []
    if (height === undefined) {
      this.#quiet = finalHeight
      this.#from = Math.max(from, finalHeight + 1)
      return undefined
    }
    const executed = this.#node.blockByHeight(height)
    if (executed === undefined) throw prunedBlock(this.#node, height)
    this.#trail.push({ block: footprint(executed), isTold: true, isFinal: false })
    this.#from = height + 1
    return [this.#event(addedEvent(this.#node, executed, this.#key, laneTransactions(executed, this.#key)))]
  }

  #event(event: ChainEvent['event'], fallback?: { readonly height: number; readonly hash: Hash }): ChainEvent {
    const last = this.#trail.at(-1)?.block
    const at = last === undefined ? fallback! : { height: last.header.height, hash: last.hash }
    return { cursor: laneCursor({ ...at, final: this.#final }), event }
  }
}

/** Of blocks that may be abandoned, up to this one. */
function openHeights(node: Chain, upTo: number): number[] {
  const lowest = Math.max(node.finalized().height + 1, upTo + 1 - MAX_TRAIL / 2)
  return Array.from({ length: Math.max(0, upTo + 1 - lowest) }, (_, i) => lowest + i)
}

/** Each height once, ascending. */
const stopsAt = (node: Chain, heights: readonly number[], told: ReadonlySet<number>): Stop[] =>
  [...new Set(heights)]
    .sort((a, b) => a - b)
    .flatMap((height) => {
      const executed = node.blockByHeight(height)
      return executed === undefined ? [] : [{ block: footprint(executed), isTold: told.has(height), isFinal: false }]
    })

function startAt(node: Chain, from: number): Start {
  const tip = node.latest().height
  if (from > tip + 1) throw notFound('BLOCK_UNKNOWN', `block ${from} does not exist yet; the newest is ${tip}`)
  if (from < node.holdings().blocksFrom) throw prunedBlock(node, from)
  const trail = stopsAt(node, openHeights(node, from - 1), new Set())
  return { trail, from, final: Math.max(0, from - 1) }
}

async function resume(node: Chain, key: Hash, text: string): Promise<Start> {
  const cursor = readLaneCursor(text)
  const branch = branchTo(node, fromHex(cursor.hash), cursor.height)
  const [base, ...abandoned] = branch
  const from = cursor.final + 1
  const upTo = base!.header.height
  if (from <= upTo && from < node.holdings().blocksFrom) throw prunedBlock(node, from)
  const heights = from > upTo ? [] : await node.vprogs.laneHeights(key, from, upTo, MAX_TRAIL)
  const trail = stopsAt(node, [...heights, ...openHeights(node, upTo)], new Set(heights))
  const told = (block: Footprint): Stop => ({ block, isTold: true, isFinal: false })
  if (trail.at(-1)?.block.header.height !== upTo) trail.push({ block: base!, isTold: false, isFinal: false })
  for (const block of abandoned) {
    if (block.header.height < from || laneTransactions(node.blockByHash(block.hash), key).length === 0) continue
    trail.push(told(block))
  }
  return { trail, from: upTo + 1, final: cursor.final }
}

/** Looks at how the chain moves while the index is read; after so many it moves faster than anyone can follow. */
const MAX_TRIES = 8

/**
 * @throws RpcError `INVALID_PARAMS`, `CURSOR_UNKNOWN`, `BLOCK_UNKNOWN` for a start above the tip, `BLOCK_PRUNED` for one that
 * this node no longer has, `CHAIN_MOVED`
 */
export async function openLaneFeed(node: Chain, key: Hash, options: SubscribeOptions): Promise<Feed> {
  const { fromHeight, cursor } = options
  if (cursor === undefined) {
    const from = fromHeight === undefined ? node.latest().height + 1 : heightOf(node, fromHeight)
    return new LaneFeed(node, key, startAt(node, from))
  }
  if (fromHeight !== undefined) throw invalidParams('give fromHeight or cursor, not both')
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { hash } = node.latest()
    const start = await resume(node, key, cursor)
    if (equalBytes(node.latest().hash, hash)) return new LaneFeed(node, key, start)
  }
  throw new RpcError(RPC_CODE.resourceUnavailable, 'CHAIN_MOVED', 'the tip moves too fast to begin: subscribe again')
}
