/**
 * Walks a chain block by block, from any height up to a head that moves: the newest final block, or the tip.
 *
 * It pulls: each step looks where the head is now and takes the one block that follows the last one taken. So a replay
 * runs into the present without a seam, nothing is buffered, and a slow reader costs the node no memory. When the last
 * block taken is no longer on the chain, the walk steps back over it first; final blocks are left that way only when a
 * devnet is reverted.
 */

import type { Block } from '../../../consensus/types.ts'
import { equalBytes } from '../../../core/bytes.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { prunedBlock } from '../block-ref.ts'

/** Blocks that can be stepped back over: far more than wait for finality in any network that works. */
export const MAX_TRAIL = 256

/** Without the body, which may be megabytes. */
export type Footprint = Pick<Block, 'hash' | 'header'>
export type Walked = Pick<NodeApi, 'latest' | 'finalized' | 'holdings' | 'blockByHeight'>

/** `back`: the block, taken earlier, has been abandoned. */
export type Step =
  | { readonly type: 'taken'; readonly executed: ExecutedBlock }
  | { readonly type: 'back'; readonly block: Footprint }

export const footprint = ({ block: { hash, header } }: ExecutedBlock): Footprint => ({ hash, header })

export class BlockWalk {
  readonly #node: Walked
  readonly #head: 'latest' | 'finalized'
  /** Blocks taken, oldest first: the newest MAX_TRAIL of them. */
  readonly #trail: Footprint[]
  #next: number

  /**
   * @param head how far to walk
   * @param next height of the first block to take
   * @param trail blocks that count as taken already, oldest first; the last one at height next - 1
   */
  constructor(node: Walked, head: 'latest' | 'finalized', next: number, trail: readonly Footprint[]) {
    this.#node = node
    this.#head = head
    this.#next = next
    this.#trail = [...trail]
  }

  /**
   * Undefined once the walk has reached the head.
   * @throws RpcError `BLOCK_PRUNED` when this node no longer has the next block
   */
  step(): Step | undefined {
    const head = this.#node[this.#head]()
    const last = this.#trail.at(-1)
    if (last !== undefined) {
      const { height } = last.header
      if (height > head.height || (height === head.height && !equalBytes(last.hash, head.hash)))
        return this.#stepBack(last)
    }
    if (this.#next > head.height) return undefined
    const executed = this.#node.blockByHeight(this.#next)
    if (executed === undefined) throw prunedBlock(this.#node, this.#next)
    if (last !== undefined && !equalBytes(executed.block.header.parentHash, last.hash)) return this.#stepBack(last)
    this.#trail.push(footprint(executed))
    if (this.#trail.length > MAX_TRAIL) this.#trail.shift()
    this.#next++
    return { type: 'taken', executed }
  }

  #stepBack(last: Footprint): Step {
    this.#trail.pop()
    this.#next = last.header.height
    return { type: 'back', block: last }
  }
}
