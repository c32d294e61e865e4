/**
 * Keeps a stream of gossip open each way with every peer. The library opens its stream when a peer connects and not again; and of
 * two connections with one peer, the end of the first takes all that is known of the peer with it, at the end that
 * notices late. Both would leave two peers deaf to each other for as long as the other connection lasts.
 *
 * Whoever was not reached while its streams were being opened is told what went round meanwhile.
 */
import type { GossipSub } from '@libp2p/gossipsub'
import { hasInbound, hasOutbound, openOutbound, tellRecent } from './gossip-internals.ts'
import type { Peer } from './peer-table.ts'
import type { PeerId } from './transport.ts'

const LOOK_MS = 100
/** A stream that is being opened is left alone for this long, twice as long after each attempt. */
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 30_000
const REDUCED_WAIT_MS = 50
/** Its subscriptions follow the stream: by then they are here, and what is said from then on goes to it. */
const SUBSCRIBED_MS = 1_000

export interface GossipLinesOptions {
  readonly pubsub: GossipSub
  readonly nowMs: () => number
  peers(): readonly Peer[]
}

interface Broken {
  nextMs: number
  waitMs: number
}

export class GossipLines {
  readonly #options: GossipLinesOptions
  /** Peers with a stream missing. */
  readonly #broken = new Map<PeerId, Broken>()
  /** Peers whose streams are open, and when they are told again what they may have missed; undefined when they were. */
  readonly #open = new Map<PeerId, number | undefined>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: GossipLinesOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#broken.clear()
    this.#open.clear()
  }

  /** One of several connections with the peer ended, and its streams a moment later. */
  reduced(peer: PeerId): void {
    this.#broken.set(peer, { nextMs: this.#options.nowMs() + REDUCED_WAIT_MS, waitMs: FIRST_WAIT_MS / 2 })
  }

  #look(): void {
    const { pubsub, peers, nowMs } = this.#options
    const present = new Set<PeerId>()
    for (const peer of peers()) {
      present.add(peer.id)
      if (hasOutbound(pubsub, peer.id) && hasInbound(pubsub, peer.id)) this.#tell(peer.id, nowMs())
      else this.#mend(peer, nowMs())
    }
    for (const map of [this.#broken, this.#open]) for (const id of map.keys()) if (!present.has(id)) map.delete(id)
  }

  #tell(peer: PeerId, nowMs: number): void {
    this.#broken.delete(peer)
    const againMs = this.#open.get(peer)
    const isNew = !this.#open.has(peer)
    if (!isNew && (againMs === undefined || nowMs < againMs)) return
    tellRecent(this.#options.pubsub, peer)
    this.#open.set(peer, isNew ? nowMs + SUBSCRIBED_MS : undefined)
  }

  #mend({ id, connections }: Peer, nowMs: number): void {
    const { pubsub } = this.#options
    this.#open.delete(id)
    const known = this.#broken.get(id)
    if (known === undefined) {
      this.#broken.set(id, { nextMs: nowMs + FIRST_WAIT_MS, waitMs: FIRST_WAIT_MS })
      return
    }
    if (nowMs < known.nextMs) return
    known.waitMs = Math.min(MAX_WAIT_MS, 2 * known.waitMs)
    known.nextMs = nowMs + known.waitMs
    const [connection] = connections
    if (connection !== undefined && !hasOutbound(pubsub, id)) openOutbound(pubsub, connection)
    // The peer believes that we listen there; told otherwise, it opens another one.
    if (!hasInbound(pubsub, id)) for (const each of connections) endInbound(each, pubsub)
  }
}

function endInbound({ streams }: Peer['connections'][number], { protocols }: GossipSub): void {
  for (const stream of streams) {
    if (stream.direction === 'inbound' && protocols.includes(stream.protocol)) {
      stream.abort(new Error('nobody listens here any more'))
    }
  }
}
