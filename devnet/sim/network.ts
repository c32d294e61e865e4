/**
 * The network between machines: everything crosses as bytes of p2p/wire.ts, late, twice, out of order or not at all. Links
 * inside `calm` are well: what is sent there arrives, once, within a third of D.
 */
import { hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { EventQueue } from '../../core/event-queue.ts'
import type { Random } from '../../core/random.ts'
import type {
  KnownValidator,
  NetworkMessage,
  Origin,
  PeerId,
  PeerRequest,
  PeerResponse,
  ResponseTo,
  TransportErrorCode,
  TransportHandlers,
} from '../../p2p/transport.ts'
import {
  decodeNetworkMessage,
  decodeRequest,
  decodeResponse,
  encodeNetworkMessage,
  encodeRequest,
  encodeResponse,
} from '../../p2p/wire.ts'
import { labelOf, type Trace } from './trace.ts'

/** What a link does to its messages while it is not calm. Drawn for each run. */
export interface LinkFaults {
  /** Shares of all messages. */
  readonly loss: number
  readonly duplicates: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Share of messages that take up to ten times `maxDelayMs`: reordering across views. */
  readonly stragglers: number
}

/** A machine as the network knows it. */
export interface Port {
  readonly name: PeerId
  /** Owner of the validator whose key this machine holds. */
  readonly validator: Uint8Array | undefined
  /** Of the present life, while its transport is started. */
  handlers: TransportHandlers | undefined
  /** Whom its node knows as members of the present set; undefined until it says. */
  validators: ReadonlySet<string> | undefined
}

/** A message on its way to several machines. */
export interface Frame {
  readonly bytes: Uint8Array
  /** Undefined for bytes that do not decode, which cost their sender and nobody else. */
  readonly message: NetworkMessage | undefined
  readonly origin: Origin
  /** For the trace. */
  readonly label: string
  /** Whose present life has it: gossip is not sent to them again, but one that restarted has forgotten. */
  readonly seen: Set<TransportHandlers | undefined>
}

export interface NetworkCounts {
  messages: number
  bytes: number
  lost: number
  duplicated: number
  /** Overtaken by others: stragglers, and what waited at a clogged link. */
  delayed: number
}

/** Machines that gossip is sent on to, besides those its author chose: enough to get round losses. */
const GOSSIP_FANOUT = 2

export class Network {
  readonly ports = new Map<PeerId, Port>()
  readonly counts: NetworkCounts = { messages: 0, bytes: 0, lost: 0, duplicated: 0, delayed: 0 }
  /** Machines among which nothing goes wrong any more. */
  calm: ReadonlySet<PeerId> = new Set()
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #faults: LinkFaults
  readonly #calmDelayMs: number
  readonly #timeoutMs: number
  readonly #trace: Trace
  /** Pairs `from>to` that carry nothing. */
  #cut: ReadonlySet<string> = new Set()
  /** Pairs whose messages wait until this time. */
  readonly #clogged = new Map<string, number>()

  constructor(options: {
    readonly queue: EventQueue
    readonly random: Random
    readonly faults: LinkFaults
    /** D. */
    readonly networkDelayMs: number
    readonly trace: Trace
  }) {
    this.#queue = options.queue
    this.#random = options.random
    this.#faults = options.faults
    this.#calmDelayMs = Math.max(2, Math.floor(options.networkDelayMs / 3))
    // A peer that does not answer within a few round trips is not waited for.
    this.#timeoutMs = 4 * options.networkDelayMs
    this.#trace = options.trace
  }

  /** Cuts these links, and heals all others. */
  cut(links: Iterable<readonly [from: PeerId, to: PeerId]>): void {
    this.#cut = new Set([...links].map(([from, to]) => `${from}>${to}`))
  }

  clog(from: PeerId, to: PeerId, forMs: number): void {
    this.#clogged.set(`${from}>${to}`, this.#queue.nowMs + forMs)
  }

  /** Whom a machine is connected to: those up that it can reach both ways. */
  peersOf(name: PeerId): PeerId[] {
    const isOpen = (a: PeerId, b: PeerId): boolean => this.#isCalm(a, b) || !this.#cut.has(`${a}>${b}`)
    return [...this.ports.values()]
      .filter((port) => port.handlers !== undefined && port.name !== name)
      .map((port) => port.name)
      .filter((peer) => isOpen(name, peer) && isOpen(peer, name))
  }

  /** The connected machine that proved to hold this validator's key; of twins the first. */
  peerOf(name: PeerId, validator: Uint8Array): PeerId | undefined {
    const key = hexKey(validator)
    return this.peersOf(name).find((peer) => {
      const held = this.ports.get(peer)?.validator
      return held !== undefined && hexKey(held) === key
    })
  }

  frame(message: NetworkMessage, origin: Origin, author: PeerId): Frame {
    const bytes = encodeNetworkMessage(message)
    // Receivers share no object with the sender; among themselves they share one that nobody writes to.
    return { bytes, message: decodeNetworkMessage(bytes), origin, label: labelOf(message), seen: this.#seenBy(author) }
  }

  #seenBy(author: PeerId): Frame['seen'] {
    return new Set([this.ports.get(author)?.handlers])
  }

  /** Bytes that may be anything. */
  rawFrame(bytes: Uint8Array, origin: Origin, author: PeerId): Frame {
    const message = decodeOrNothing(bytes, decodeNetworkMessage)
    return { bytes, message, origin, label: labelOf(message), seen: this.#seenBy(author) }
  }

  /** Consensus messages go to the present validators directly and to all others by gossip; everything else by gossip. */
  broadcast(from: Port, message: NetworkMessage): void {
    const direct = this.frame(message, 'direct', from.name)
    const gossip: Frame = { ...direct, origin: 'gossip', seen: this.#seenBy(from.name) }
    for (const peer of this.peersOf(from.name)) {
      const { validator } = this.ports.get(peer)!
      const isMember =
        from.validators === undefined || (validator !== undefined && from.validators.has(hexKey(validator)))
      this.send(from.name, peer, message.type === 'consensus' && isMember ? direct : gossip)
    }
  }

  /** Sends a frame over one link, whatever that does to it. */
  send(from: PeerId, to: PeerId, frame: Frame): void {
    this.counts.messages++
    this.counts.bytes += frame.bytes.length
    const isTwice = !this.#isCalm(from, to) && this.#random.chance(this.#faults.duplicates)
    if (isTwice) this.counts.duplicated++
    for (let copies = isTwice ? 2 : 1; copies > 0; copies--) {
      const delayMs = this.#delayMs(from, to)
      if (delayMs !== undefined) this.#queue.after(delayMs, () => this.#deliver(from, to, frame))
    }
  }

  /**
   * @param isAlive whether the life that asked goes on: a machine that crashed hears of nothing
   * @throws QuernError `TransportErrorCode`, by rejection
   */
  request<Request extends PeerRequest>(
    from: PeerId,
    to: PeerId,
    request: Request,
    isAlive: () => boolean,
  ): Promise<ResponseTo<Request>> {
    const bytes = encodeRequest(request)
    return new Promise((resolve, reject) => {
      const fail = (code: TransportErrorCode): void => {
        if (isAlive()) reject(new QuernError(code, 'the peer did not answer', { to }))
      }
      const cancelTimeout = this.#queue.after(this.#timeoutMs, () => fail('PEER_TIMEOUT'))
      const thereMs = this.#delayMs(from, to)
      if (thereMs === undefined) return
      this.#queue.after(thereMs, () => {
        const answered = this.#answer(from, to, bytes)
        answered?.then((answer) => {
          const backMs = this.#delayMs(to, from)
          if (answer === undefined || backMs === undefined) return
          this.#queue.after(backMs, () => {
            cancelTimeout()
            if (!isAlive()) return
            const response = decodeOrNothing(answer, decodeResponse)
            this.#trace.note(from, `answer ${request.type} from ${to}`)
            if (response?.type !== request.type) fail('PEER_ANSWER_INVALID')
            else resolve(response as ResponseTo<Request>)
          })
        })
      })
    })
  }

  /** Undefined: nobody is there. As over any network, what goes wrong there shows here as silence. */
  #answer(from: PeerId, to: PeerId, bytes: Uint8Array): Promise<Uint8Array | undefined> | undefined {
    const handlers = this.ports.get(to)?.handlers
    if (handlers === undefined) return undefined
    return handlers.request(from, decodeRequest(bytes)).then(
      (answer: PeerResponse) => encodeResponse(answer),
      () => undefined,
    )
  }

  #deliver(from: PeerId, to: PeerId, frame: Frame): void {
    const port = this.ports.get(to)
    if (port?.handlers === undefined) return
    if (frame.origin === 'gossip') {
      if (frame.seen.has(port.handlers)) return
      frame.seen.add(port.handlers)
    }
    this.#trace.note(to, `${frame.origin} from ${from}: ${frame.label}`)
    if (frame.message === undefined) return
    const verdict = port.handlers.message(from, frame.message, frame.origin)
    if (frame.origin === 'gossip')
      void Promise.resolve(verdict).then((found) => found === 'accept' && this.#passOn(to, frame))
  }

  #passOn(from: PeerId, frame: Frame): void {
    const without = this.peersOf(from).filter((peer) => !frame.seen.has(this.ports.get(peer)?.handlers))
    for (const peer of this.#random.sample(without, GOSSIP_FANOUT)) this.send(from, peer, frame)
  }

  #isCalm(from: PeerId, to: PeerId): boolean {
    return this.calm.has(from) && this.calm.has(to)
  }

  /** Undefined: lost. */
  #delayMs(from: PeerId, to: PeerId): number | undefined {
    if (this.#isCalm(from, to)) return this.#random.between(1, this.#calmDelayMs)
    const { loss, minDelayMs, maxDelayMs, stragglers } = this.#faults
    const link = `${from}>${to}`
    if (this.#cut.has(link) || this.#random.chance(loss)) {
      this.counts.lost++
      return undefined
    }
    let delayMs = this.#random.between(minDelayMs, maxDelayMs)
    const isStraggler = this.#random.chance(stragglers)
    if (isStraggler) delayMs *= this.#random.between(2, 10)
    const clogMs = (this.#clogged.get(link) ?? 0) - this.#queue.nowMs
    if (isStraggler || clogMs > delayMs) this.counts.delayed++
    return Math.max(delayMs, clogMs)
  }
}

export function decodeOrNothing<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof QuernError) return undefined
    throw error
  }
}

export const knownAddresses = (validators: readonly KnownValidator[]): ReadonlySet<string> =>
  new Set(validators.map(({ address }) => hexKey(address)))
