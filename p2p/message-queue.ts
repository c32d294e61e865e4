/**
 * Incoming messages between the network and the node: one queue for each type, each with a cap in count and in bytes and a
 * rule for what is lost when it is full, so that a flood of one type costs only that type, and a flood of one peer mostly
 * that peer.
 *
 * - A peer holds at most its share of a queue. When a queue is full all the same, the peer that holds most loses.
 * - Blocks and certificates are first in, first out, and lose the newest: the older one is what others wait for, and both
 *   are sent again or fetched. Votes and transactions perish: last in, first out, losing the oldest.
 * - Messages are handled in turns that end after so many, so that timers, sockets and answers get theirs. In a turn
 *   consensus comes before transactions, and the last type is still served a little, or it would never be.
 */
import { MESSAGE_TYPES, type MessageType } from './message-types.ts'
import type { PeerId } from './transport.ts'
import { MAX_GOSSIP_BYTES, MAX_WIRE_BYTES } from './wire.ts'

export interface QueueLimit {
  readonly maxCount: number
  readonly maxBytes: number
  /** What is lost when the queue is full: `newest` also means first in, first out, `oldest` last in, first out. */
  readonly drops: 'newest' | 'oldest'
  /** Messages handed over and not yet answered. */
  readonly maxInWork: number
}

/** A peer's share of a queue: with fewer than this many peers at it, none can fill it. */
const SHARES = 4
/** Messages in one turn: a few milliseconds of signature checks. */
const PER_TURN = 32
/** Of these, at least one of each type that waits; then by the order of the types. */
const TYPES_IN_ORDER: readonly MessageType[] = MESSAGE_TYPES

/** In all at most some 90 MB wait, and only under attack; nothing honest waits longer than a turn or two. */
export const QUEUE_LIMITS: Readonly<Record<MessageType, QueueLimit>> = {
  // Eight views ahead are held by the engine (PROPOSAL_VIEWS_AHEAD), at 2 MiB: one of each for each share.
  proposal: { maxCount: 64, maxBytes: 8 * MAX_WIRE_BYTES, drops: 'newest', maxInWork: 8 },
  // All that one answer holds (MAX_CERTIFICATES_SERVED) from each share, passed on at once after an outage.
  certificate: { maxCount: 1_024, maxBytes: 1 << 20, drops: 'newest', maxInWork: 32 },
  // Two votes of 256 views (RESEND_VIEWS) of 16 validators; whatever is lost comes again after D.
  vote: { maxCount: 8_192, maxBytes: 4 << 20, drops: 'oldest', maxInWork: 64 },
  // One for each of 100 validators.
  evidence: { maxCount: 128, maxBytes: 128 << 10, drops: 'newest', maxInWork: 4 },
  // 32 batches of the largest size, a second of what the limits let in.
  transactions: { maxCount: 1_024, maxBytes: 32 * MAX_GOSSIP_BYTES, drops: 'oldest', maxInWork: 8 },
}

export interface MessageQueuesOptions<Item> {
  readonly limits?: Readonly<Record<MessageType, QueueLimit>>
  /** Must not throw or reject. While its answer is pending the message counts as in work. */
  readonly handle: (type: MessageType, from: PeerId, item: Item) => Promise<unknown>
  /** The message was lost: a queue was full, or its sender was cut off. */
  readonly onDropped: (type: MessageType, from: PeerId, item: Item) => void
  /** Runs a turn later than now. */
  readonly schedule?: (turn: () => void) => void
}

interface Waiting<Item> {
  readonly item: Item
  readonly bytes: number
}

/** What one peer has in one queue, oldest first. */
interface Share<Item> {
  readonly items: Waiting<Item>[]
  bytes: number
}

interface Queue<Item> {
  readonly type: MessageType
  readonly limit: QueueLimit
  /** In the order of their turns: whoever was served goes to the end. */
  readonly shares: Map<PeerId, Share<Item>>
  count: number
  bytes: number
  inWork: number
}

export class MessageQueues<Item> {
  readonly #options: MessageQueuesOptions<Item>
  readonly #queues: ReadonlyMap<MessageType, Queue<Item>>
  readonly #schedule: (turn: () => void) => void
  #isScheduled = false
  #isClosed = false

  constructor(options: MessageQueuesOptions<Item>) {
    this.#options = options
    this.#schedule = options.schedule ?? ((turn) => void setImmediate(turn))
    const limits = options.limits ?? QUEUE_LIMITS
    this.#queues = new Map(
      TYPES_IN_ORDER.map((type) => [
        type,
        { type, limit: limits[type], shares: new Map(), count: 0, bytes: 0, inWork: 0 },
      ]),
    )
  }

  /** False when this message was lost, which `onDropped` also tells; another one may be lost instead. */
  push(type: MessageType, from: PeerId, item: Item, bytes: number): boolean {
    const queue = this.#queues.get(type)!
    if (this.#isClosed || !this.#makeRoom(queue, from, bytes)) {
      this.#options.onDropped(type, from, item)
      return false
    }
    const share = queue.shares.get(from) ?? { items: [], bytes: 0 }
    queue.shares.set(from, share)
    share.items.push({ item, bytes })
    share.bytes += bytes
    queue.bytes += bytes
    queue.count++
    this.#wake()
    return true
  }

  /** Drops what waits from a peer that was cut off. */
  forget(peer: PeerId): void {
    for (const queue of this.#queues.values()) this.#clear(queue, peer)
  }

  /** Drops everything; what comes later is dropped as well. */
  close(): void {
    this.#isClosed = true
    for (const queue of this.#queues.values()) for (const peer of [...queue.shares.keys()]) this.#clear(queue, peer)
  }

  /** Messages and bytes that wait, of one type. */
  waiting(type: MessageType): { readonly count: number; readonly bytes: number } {
    const { count, bytes } = this.#queues.get(type)!
    return { count, bytes }
  }

  // ------------------------------------------------------------------------------------------------------- room

  /** Whether a message of this size may come in, after others had to go for it if that is the rule. */
  #makeRoom(queue: Queue<Item>, from: PeerId, bytes: number): boolean {
    const { maxCount, maxBytes, drops } = queue.limit
    const shareCount = maxCount / SHARES
    const shareBytes = maxBytes / SHARES
    if (bytes > shareBytes) return false
    const own = () => queue.shares.get(from) ?? { items: [], bytes: 0 }
    while (own().items.length + 1 > shareCount || own().bytes + bytes > shareBytes) {
      if (drops === 'newest') return false
      this.#drop(queue, from)
    }
    while (queue.count + 1 > maxCount || queue.bytes + bytes > maxBytes) {
      const largest = largestShare(queue)
      if (largest === undefined) return false
      // Nobody has more than the newcomer would have: then it is the newcomer that loses, where the newest do.
      const grown = partOf(queue.limit, own().items.length + 1, own().bytes + bytes)
      if (drops === 'newest' && partOfShare(queue, largest) <= grown) return false
      this.#drop(queue, largest)
    }
    return true
  }

  /** Loses one message of this peer, by the queue's rule. */
  #drop(queue: Queue<Item>, from: PeerId): void {
    const share = queue.shares.get(from)!
    const lost = queue.limit.drops === 'newest' ? share.items.pop() : share.items.shift()
    this.#taken(queue, from, share, lost!)
    this.#options.onDropped(queue.type, from, lost!.item)
  }

  #clear(queue: Queue<Item>, peer: PeerId): void {
    const share = queue.shares.get(peer)
    if (share === undefined) return
    queue.shares.delete(peer)
    queue.count -= share.items.length
    queue.bytes -= share.bytes
    for (const { item } of share.items) this.#options.onDropped(queue.type, peer, item)
  }

  #taken(queue: Queue<Item>, from: PeerId, share: Share<Item>, { bytes }: Waiting<Item>): void {
    share.bytes -= bytes
    queue.bytes -= bytes
    queue.count--
    if (share.items.length === 0) queue.shares.delete(from)
  }

  // ------------------------------------------------------------------------------------------------------ turns

  #wake(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#schedule(() => {
      this.#isScheduled = false
      this.#turn()
    })
  }

  #turn(): void {
    // One of each first, so that no type waits for ever; then the order of the types decides.
    let left = PER_TURN
    for (const queue of this.#queues.values()) if (this.#handleNext(queue)) left--
    for (const queue of this.#queues.values()) {
      while (left > 0 && this.#handleNext(queue)) left--
    }
    if ([...this.#queues.values()].some(isReady)) this.#wake()
  }

  #handleNext(queue: Queue<Item>): boolean {
    if (!isReady(queue)) return false
    const [from, share] = queue.shares.entries().next().value!
    const next = queue.limit.drops === 'newest' ? share.items.shift() : share.items.pop()
    // To the end of the line.
    queue.shares.delete(from)
    queue.shares.set(from, share)
    this.#taken(queue, from, share, next!)
    queue.inWork++
    void this.#options.handle(queue.type, from, next!.item).finally(() => {
      queue.inWork--
      if (queue.count > 0) this.#wake()
    })
    return true
  }
}

const isReady = ({ count, inWork, limit }: Queue<unknown>): boolean => count > 0 && inWork < limit.maxInWork

/** How much of a queue that is, by the scarcer of count and bytes. */
const partOf = ({ maxCount, maxBytes }: QueueLimit, count: number, bytes: number): number =>
  Math.max(count / maxCount, bytes / maxBytes)

function partOfShare({ limit, shares }: Queue<unknown>, peer: PeerId): number {
  const share = shares.get(peer)
  return share === undefined ? 0 : partOf(limit, share.items.length, share.bytes)
}

/** The peer that holds most. */
function largestShare(queue: Queue<unknown>): PeerId | undefined {
  let largest: { readonly peer: PeerId; readonly part: number } | undefined
  for (const peer of queue.shares.keys()) {
    const part = partOfShare(queue, peer)
    if (largest === undefined || part > largest.part) largest = { peer, part }
  }
  return largest?.peer
}
