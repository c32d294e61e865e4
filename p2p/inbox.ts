/**
 * The one way in for messages, by stream or by gossip: limits, then the queue of their type, then the node. The verdict goes
 * back to gossip, and against the sender's score.
 *
 *     over the sender's limit   later, and a penalty
 *     no room, no time          later
 *     node stopped              ignore
 *     the node's verdict        accept, ignore, later, or reject: a penalty by its code
 */
import { MessageLimiter } from './limits.ts'
import { MessageQueues } from './message-queue.ts'
import { type MessageType, messageTypeOf } from './message-types.ts'
import type { NetworkMessage, Origin, PeerId, TransportHandlers, Verdict } from './transport.ts'

/** A verdict that takes longer counts as `later`: by then the mesh has passed the message on in other ways. */
const VERDICT_TIMEOUT_MS = 10_000

interface Item {
  readonly message: NetworkMessage
  readonly origin: Origin
  settle(verdict: Verdict): void
}

export interface InboxOptions {
  readonly networkDelayMs: number
  readonly nowMs: () => number
  /** A validator of the set, or a persistent peer: what strangers send takes no room from it. */
  isReserved(peer: PeerId): boolean
  /** This process was stopped, or hung, a moment ago: what comes in now piled up meanwhile. */
  wasPaused(): boolean
  penalize(peer: PeerId, code: string): void
  onDropped(type: MessageType, peer: PeerId): void
}

export class Inbox {
  readonly #options: InboxOptions
  readonly #limiters: Readonly<Record<Origin, MessageLimiter>>
  #queues: MessageQueues<Item> | undefined

  constructor(options: InboxOptions) {
    this.#options = options
    this.#limiters = {
      direct: new MessageLimiter({ ...options, by: 'direct' }),
      gossip: new MessageLimiter({ ...options, by: 'gossip' }),
    }
  }

  start(handlers: TransportHandlers): void {
    this.stop()
    this.#queues = new MessageQueues<Item>({
      handle: (_, from, item) => this.#handle(handlers, from, item),
      onDropped: (type, from, item) => {
        item.settle('later')
        this.#options.onDropped(type, from)
      },
    })
  }

  /** What waits is lost, and so is all that comes before the next `start`. */
  stop(): void {
    const queues = this.#queues
    this.#queues = undefined
    queues?.close()
  }

  forget(peer: PeerId): void {
    this.#queues?.forget(peer)
    for (const limiter of Object.values(this.#limiters)) limiter.forget(peer)
  }

  /**
   * Whether the sender's limits have room: asked for each message before it is decoded, so that a flood costs little.
   * `bytes`: size on the wire.
   */
  admits(from: PeerId, type: MessageType, bytes: number, origin: Origin): boolean {
    const { isReserved, wasPaused, penalize } = this.#options
    const refused = this.#limiters[origin].refuses(from, type, bytes, isReserved(from))
    if (refused === undefined) return true
    if (refused !== 'ignored' && !wasPaused()) penalize(from, refused.code)
    this.#options.onDropped(type, from)
    return false
  }

  /** A message that was admitted. */
  receive(from: PeerId, message: NetworkMessage, bytes: number, origin: Origin): Promise<Verdict> {
    const queues = this.#queues
    const type = messageTypeOf(message)
    if (queues === undefined) return Promise.resolve('ignore')
    return new Promise((settle) => {
      queues.push(type, from, { message, origin, settle }, bytes)
    })
  }

  async #handle(handlers: TransportHandlers, from: PeerId, { message, origin, settle }: Item): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Verdict>((resolve) => {
      timer = setTimeout(() => resolve('later'), VERDICT_TIMEOUT_MS)
    })
    try {
      const verdict = await Promise.race([handlers.message(from, message, origin), late])
      if (typeof verdict === 'object') this.#options.penalize(from, verdict.reject)
      settle(verdict)
    } catch {
      // The node's own failure, which it reports by itself.
      settle('ignore')
    } finally {
      clearTimeout(timer)
    }
  }
}
