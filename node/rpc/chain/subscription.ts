/** Subscriptions from their options to the last notification: where they start, and how they are fed. */

import { setImmediate } from 'node:timers/promises'
import { equalBytes, fromHex, type Hash } from '../../../core/bytes.ts'
import type { NodeApi } from '../../api.ts'
import { heightOf, prunedBlock } from '../block-ref.ts'
import { invalidParams, notFound, toRpcError } from '../errors.ts'
import type { Connection, Notify } from '../method.ts'
import type { HeightRefValue } from '../schema.ts'
import { BlockWalk, type Footprint, footprint, MAX_TRAIL, type Step, type Walked } from './block-walk.ts'
import { type ChainEvent, droppedEvents, EVENTS, readCursor, type Topic } from './topics.ts'

export interface SubscribeOptions {
  readonly fromHeight?: HeightRefValue
  readonly cursor?: string
}

export interface Feed {
  /** What comes next, perhaps nothing; undefined once there is no more until the chain moves. */
  next(): readonly ChainEvent[] | undefined | Promise<readonly ChainEvent[] | undefined>
}

type Chain = Walked & Pick<NodeApi, 'blockByHash' | 'stateAt'>

export const isOnChain = (node: Pick<Chain, 'latest' | 'blockByHeight'>, { header, hash }: Footprint): boolean => {
  const there = header.height > node.latest().height ? undefined : node.blockByHeight(header.height)
  return there !== undefined && equalBytes(there.block.hash, hash)
}

/**
 * From the newest ancestor that is on the chain to the block itself, so that a walk which goes on from an abandoned
 * block steps back first.
 * @throws RpcError `CURSOR_UNKNOWN`
 */
export function branchTo(node: Chain, hash: Hash, height: number): Footprint[] {
  const branch: Footprint[] = []
  for (let next = hash; branch.length < MAX_TRAIL; ) {
    const executed = node.blockByHash(next)
    if (executed === undefined || executed.block.header.height !== height - branch.length) break
    branch.unshift(footprint(executed))
    if (isOnChain(node, branch[0]!)) return branch
    next = executed.block.header.parentHash
  }
  throw notFound('CURSOR_UNKNOWN', 'this node does not know the block of this cursor: subscribe from a height')
}

interface Start {
  /** Height of the first block. */
  readonly next: number
  /** Events of that block which are known already. */
  readonly skip: number
  /** Given where the cursor names a block. */
  readonly trail?: readonly Footprint[]
}

function startOf(node: Chain, topic: Topic, options: SubscribeOptions): Start {
  const { fromHeight, cursor } = options
  if (cursor === undefined) {
    const head = topic === 'tip' ? node.latest() : node.finalized()
    return { next: fromHeight === undefined ? head.height + 1 : heightOf(node, fromHeight), skip: 0 }
  }
  if (fromHeight !== undefined) throw invalidParams('give fromHeight or cursor, not both')
  const { height, index, hash } = readCursor(topic, cursor)
  if (hash !== undefined) return { next: height + 1, skip: 0, trail: branchTo(node, fromHex(hash), height) }
  return index === undefined ? { next: height + 1, skip: 0 } : { next: height, skip: index + 1 }
}

/**
 * @throws RpcError `INVALID_PARAMS`, `CURSOR_UNKNOWN`, `BLOCK_UNKNOWN` for a start above the tip, `BLOCK_PRUNED` for one
 * that this node no longer has
 */
export function openFeed(node: Chain, topic: Topic, options: SubscribeOptions): Feed {
  const { next, skip, trail } = startOf(node, topic, options)
  const head = topic === 'tip' ? 'latest' : 'finalized'
  const headHeight = node[head]().height
  const tipHeight = node.latest().height
  if (next > tipHeight + 1) {
    throw notFound('BLOCK_UNKNOWN', `block ${next} does not exist yet; the newest is ${tipHeight}`)
  }
  if (next <= headHeight && node.blockByHeight(next) === undefined) throw prunedBlock(node, next)
  // A block that is not final yet is no place to start for a topic of final blocks: it may be abandoned.
  const before = next >= 1 && next - 1 <= headHeight ? node.blockByHeight(next - 1) : undefined
  const walk = new BlockWalk(node, head, next, trail ?? (before === undefined ? [] : [footprint(before)]))
  const eventsOf = eventRule(topic, next, skip)
  return {
    next: () => {
      const step = walk.step()
      return step === undefined ? undefined : eventsOf(step)
    },
  }
}

/** Turns the steps of a walk into events. */
function eventRule(topic: Topic, firstHeight: number, skip: number): (step: Step) => readonly ChainEvent[] {
  let toSkip = skip
  return (step) => {
    if (step.type === 'back') return topic === 'tip' ? droppedEvents(step.block) : []
    const events = EVENTS[topic](step.executed)
    const skipped = step.executed.block.header.height === firstHeight ? toSkip : 0
    toSkip = 0
    return events.slice(skipped)
  }
}

/** A replay lets everything else run after so many blocks: some milliseconds of work. */
const BLOCKS_PER_TURN = 16
/** Notifications between two looks at what waits to be sent: some 100 kB. */
const EVENTS_PER_LOOK = 256

/**
 * Sends `{cursor, event}` for all there is, then for all there will be, no faster than the client reads. If the node
 * cannot go on, the last notification is `{error}`.
 * @returns ends it
 */
export function follow(
  node: Pick<NodeApi, 'subscribe'>,
  connection: Connection,
  notify: Notify,
  feed: Feed,
): () => void {
  let stopped = false
  let hasNews = false
  let wake = (): void => {}
  const unsubscribe = node.subscribe(({ type }) => {
    if (type === 'transaction') return
    hasNews = true
    wake()
  })
  const stop = (): void => {
    stopped = true
    unsubscribe()
    wake()
  }

  const send = async (events: readonly ChainEvent[]): Promise<void> => {
    for (const [i, { cursor, event }] of events.entries()) {
      if (i % EVENTS_PER_LOOK === 0) await connection.ready()
      if (stopped) return
      notify({ cursor, event })
    }
  }
  const run = async (): Promise<void> => {
    for (let blocks = 1; !stopped; ) {
      hasNews = false
      const events = await feed.next()
      if (events === undefined) {
        // What came while the feed looked is not waited for.
        if (!hasNews && !stopped) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        continue
      }
      await send(events)
      if (blocks++ % BLOCKS_PER_TURN === 0) await setImmediate()
    }
  }
  run().catch((error: unknown) => {
    if (!stopped) notify({ error: toRpcError(error).toJson() })
    stop()
  })
  return stop
}
