/**
 * Finding peers and keeping them: whom to dial, when to dial again, whom to ask for more, and who has gone silent.
 *
 *     persistent peers     dialled for ever, soon again
 *     bootstrap, mDNS, Kademlia, addresses told by peers     candidates, dialled while outbound peers are too few (admission.ts)
 *     every peer           says hello again from time to time; whoever misses several is let go
 */
import type { Connection, Libp2p } from '@libp2p/interface'
import { hostOf } from './address.ts'
import {
  type DialCandidate,
  dialsWanted,
  nextDials,
  type OpenConnection,
  PERSISTENT_BACKOFF,
  type Room,
  redialDelayMs,
} from './admission.ts'
import type { Exchange } from './exchange.ts'
import { type PeerAddress, parsePeerAddress } from './multiaddrs.ts'
import type { Peer, PeerTable } from './peer-table.ts'
import type { PeerId } from './transport.ts'

const TICK_MS = 100
const DIAL_TIMEOUT_MS = 5_000
/** Known addresses of strangers; several times the peers a node has. */
const MAX_CANDIDATES = 1_024
/** A peer on another chain is not asked again soon: it would have to be set up anew. */
const REFUSED_MS = 10 * 60_000
/** A persistent one may be a machine of ours being set up. */
const REFUSED_PERSISTENT_MS = 15_000
/** Two nodes that start together and know each other: the one with the greater id lets the other dial first. */
const COURTESY_MS = 200
/** A connection that lasted this long counts as a success. */
const LASTING_MS = 2_000
/** Between hellos to one peer: heights in lists stay fresh, and whoever vanished is noticed within a minute. */
const HELLO_MS = 15_000
const MAX_MISSED_HELLOS = 3
/** Between questions for addresses, while peers are wanted. */
const ASK_MS = 20_000

export interface DiscoveryOptions {
  readonly libp2p: Libp2p
  readonly exchange: Exchange
  readonly table: PeerTable
  readonly room: Room
  readonly persistent: readonly PeerAddress[]
  /** Candidates that are never forgotten: they are the operator's own choice. */
  readonly bootstrap: readonly PeerAddress[]
  readonly nowMs: () => number
  open(): readonly OpenConnection[]
  /** Banned, or blocked. */
  isUnwelcome(peer: PeerId): boolean
  /** Whether its record is good enough; persistent peers are dialled whatever it is. */
  isWorthDialling(peer: PeerId): boolean
  greeted(connection: Connection): Promise<boolean>
  sayHello(peer: Peer): Promise<unknown>
  disconnect(peer: PeerId, reason: string): void
}

interface Persistent extends PeerAddress {
  failures: number
  nextMs: number
}

/** Hellos with one peer. */
interface Touch {
  readonly sinceMs: number
  nextMs: number
  missed: number
  isUnderWay: boolean
}

interface Candidate {
  readonly peer: PeerId
  /** Host. */
  readonly address: string
  readonly multiaddr: PeerAddress['address']
  failures: number
  lastTriedMs: number
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #persistent: Map<PeerId, Persistent>
  readonly #candidates = new Map<PeerId, Candidate>()
  readonly #bootstrap: ReadonlySet<PeerId>
  readonly #dialling = new Set<PeerId>()
  readonly #hellos = new Map<PeerId, Touch>()
  readonly #ended = new AbortController()
  #nextAskMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: DiscoveryOptions) {
    const { persistent, bootstrap, libp2p, nowMs } = options
    const own = libp2p.peerId.toString()
    this.#options = options
    this.#bootstrap = new Set(bootstrap.map(({ peer }) => peer))
    this.#persistent = new Map(
      persistent
        .filter(({ peer }) => peer !== own)
        .map((known) => {
          const nextMs = own < known.peer ? 0 : nowMs() + COURTESY_MS
          return [known.peer, { ...known, failures: 0, nextMs }]
        }),
    )
  }

  start(): void {
    const { libp2p, bootstrap } = this.#options
    for (const { address } of bootstrap) this.#learn(address.toString())
    libp2p.addEventListener('peer:discovery', ({ detail: { id, multiaddrs } }) => {
      for (const address of multiaddrs) this.#learn(`${address.toString().split('/p2p/')[0]}/p2p/${id.toString()}`)
    })
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#tick()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#ended.abort()
  }

  /** Tries at once what would be tried later: something changed. */
  retry(peers: readonly PeerId[]): void {
    const nowMs = this.#options.nowMs()
    const own = this.#options.libp2p.peerId.toString()
    for (const peer of peers) {
      const persistent = this.#persistent.get(peer)
      const candidate = this.#candidates.get(peer)
      if (persistent !== undefined) {
        persistent.failures = 0
        persistent.nextMs = own < peer ? 0 : nowMs + COURTESY_MS
      }
      if (candidate !== undefined) {
        candidate.failures = 0
        candidate.lastTriedMs = 0
      }
    }
    this.#tick()
  }

  /** Another chain: no use in coming back soon. */
  refused(peer: PeerId): void {
    const nowMs = this.#options.nowMs()
    const persistent = this.#persistent.get(peer)
    if (persistent !== undefined) persistent.nextMs = nowMs + REFUSED_PERSISTENT_MS
    const candidate = this.#candidates.get(peer)
    if (candidate !== undefined) {
      candidate.lastTriedMs = nowMs + REFUSED_MS
      candidate.failures++
    }
  }

  /** The peer's last connection is gone. One that did not last was turned away there, for want of room most likely. */
  lost(peer: PeerId): void {
    const nowMs = this.#options.nowMs()
    const own = this.#options.libp2p.peerId.toString()
    const sinceMs = this.#hellos.get(peer)?.sinceMs ?? nowMs
    const failures = (before: number) => (nowMs - sinceMs < LASTING_MS ? before + 1 : 0)
    this.#hellos.delete(peer)
    const candidate = this.#candidates.get(peer)
    if (candidate !== undefined) {
      candidate.failures = failures(candidate.failures)
      candidate.lastTriedMs = nowMs
    }
    const persistent = this.#persistent.get(peer)
    if (persistent === undefined) return
    persistent.failures = failures(persistent.failures)
    // Whoever has the smaller id dials; if it cannot, the other does a little later.
    const delayMs =
      redialDelayMs(persistent.failures, PERSISTENT_BACKOFF, Math.random()) + (own < peer ? 0 : COURTESY_MS)
    persistent.nextMs = Math.max(persistent.nextMs, nowMs + delayMs)
  }

  // ------------------------------------------------------------------------------------------------------ dialling

  #tick(): void {
    const { nowMs, table, room, open, isUnwelcome, isWorthDialling } = this.#options
    const now = nowMs()
    for (const persistent of this.#persistent.values()) {
      const { peer, nextMs } = persistent
      if (now < nextMs || this.#dialling.has(peer) || table.get(peer) !== undefined || isUnwelcome(peer)) continue
      void this.#dial(peer, persistent.address).then((isConnected) => {
        if (isConnected) return
        persistent.failures++
        const delayMs = redialDelayMs(persistent.failures, PERSISTENT_BACKOFF, Math.random())
        persistent.nextMs = Math.max(persistent.nextMs, nowMs() + delayMs)
      })
    }
    const connections = open()
    const wanted = dialsWanted(connections, this.#dialling.size, room)
    if (wanted > 0) {
      const candidates: DialCandidate[] = [...this.#candidates.values()].filter(({ peer }) => !this.#dialling.has(peer))
      const isBanned = (peer: PeerId) => isUnwelcome(peer) || !isWorthDialling(peer)
      const context = { nowMs: now, isBanned }
      for (const { peer } of nextDials(candidates, connections, wanted, context)) this.#dialCandidate(peer, now)
      if (now >= this.#nextAskMs) this.#askSomebody(now)
    }
    for (const peer of table.all()) this.#keepInTouch(peer, now)
  }

  #dialCandidate(peer: PeerId, nowMs: number): void {
    const candidate = this.#candidates.get(peer)
    if (candidate === undefined) return
    candidate.lastTriedMs = nowMs
    void this.#dial(peer, candidate.multiaddr).then((isConnected) => {
      const tried = this.#candidates.get(peer)
      if (!isConnected && tried !== undefined) tried.failures++
    })
  }

  async #dial(peer: PeerId, address: PeerAddress['address']): Promise<boolean> {
    const { libp2p, greeted } = this.#options
    if (this.#dialling.has(peer)) return false
    this.#dialling.add(peer)
    try {
      const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
      return await greeted(await libp2p.dial(address, { signal }))
    } catch {
      return false
    } finally {
      this.#dialling.delete(peer)
    }
  }

  // ---------------------------------------------------------------------------------------------------- addresses

  /** What is no address of a peer is passed over: multicast and Kademlia bring all sorts. */
  #learn(text: string): void {
    const { libp2p } = this.#options
    let known: PeerAddress
    try {
      known = parsePeerAddress(text)
    } catch {
      return
    }
    const { peer, address: multiaddr } = known
    const address = hostOf(text)
    if (address === undefined || peer === libp2p.peerId.toString() || this.#persistent.has(peer)) return
    const before = this.#candidates.get(peer)
    if (before !== undefined) {
      // Whoever told it first may have lied, or the peer has moved. Its failures stay, or a liar could have us dial without end.
      const isReplaced = before.failures > 0 && !this.#bootstrap.has(peer)
      if (isReplaced) this.#candidates.set(peer, { ...before, address, multiaddr })
      return
    }
    if (this.#candidates.size >= MAX_CANDIDATES) this.#forgetWorst()
    // Connected and no peer, or not yet: it says itself where it listens. Should we not want each other, it is not dialled at once.
    const isConnected = libp2p.getConnections().some(({ remotePeer }) => remotePeer.toString() === peer)
    const tried = isConnected ? { failures: 1, lastTriedMs: this.#options.nowMs() } : { failures: 0, lastTriedMs: 0 }
    this.#candidates.set(peer, { peer, address, multiaddr, ...tried })
  }

  #forgetWorst(): void {
    let worst: Candidate | undefined
    for (const candidate of this.#candidates.values()) {
      if (this.#bootstrap.has(candidate.peer)) continue
      if (worst === undefined || candidate.failures > worst.failures) worst = candidate
    }
    if (worst !== undefined) this.#candidates.delete(worst.peer)
  }

  #askSomebody(nowMs: number): void {
    const peers = this.#options.table.all()
    const peer = peers[Math.floor(Math.random() * peers.length)]
    if (peer === undefined) return
    this.#nextAskMs = nowMs + ASK_MS
    void this.#options.exchange.ask(peer).then((addresses) => {
      for (const address of addresses) this.#learn(address)
    })
  }

  // --------------------------------------------------------------------------------------------------------- hellos

  #keepInTouch(peer: Peer, nowMs: number): void {
    const state = this.#hellos.get(peer.id)
    if (state === undefined) {
      // Spread out, so that a hub does not say hello to all at once.
      const nextMs = nowMs + HELLO_MS * (0.5 + Math.random())
      this.#hellos.set(peer.id, { sinceMs: peer.connectedAtMs, nextMs, missed: 0, isUnderWay: false })
      return
    }
    if (nowMs < state.nextMs || state.isUnderWay) return
    state.isUnderWay = true
    this.#options
      .sayHello(peer)
      .then(
        () => {
          state.missed = 0
        },
        () => {
          state.missed++
          if (state.missed >= MAX_MISSED_HELLOS) this.#options.disconnect(peer.id, 'silent')
        },
      )
      .finally(() => {
        state.isUnderWay = false
        state.nextMs = this.#options.nowMs() + HELLO_MS
      })
  }
}
