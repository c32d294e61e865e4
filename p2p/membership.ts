/**
 * Who is in: takes in peers after their hello, lets them go, and keeps out whom scores or the operator keep out. Decisions
 * are admission.ts and score.ts; here they are carried out on connections.
 */
import type { Connection } from '@libp2p/interface'
import type { BlsScheme } from '../core/bls.ts'
import type { Hash } from '../core/bytes.ts'
import { hostOf } from './address.ts'
import { admit, connectionToKeep, type OpenConnection, type Room } from './admission.ts'
import type { HandshakeFailure } from './handshake.ts'
import type { Hello } from './hello.ts'
import type { P2pEvent, PeerInfo } from './options.ts'
import { type Peer, PeerTable } from './peer-table.ts'
import { PeerScores, type Standing } from './score.ts'
import type { Tally } from './tally.ts'
import type { PeerId } from './transport.ts'

/** Two connections to one peer: both ends have moved to the one that stays by then. */
const DUPLICATE_CLOSED_MS = 1_000
/** A round trip on a slow line. */
const TURNED_AWAY_MS = 500
/** Connections of one peer with a good hello: dialled from both ends at once, and one whose end went unnoticed. */
const MAX_CONNECTIONS_PER_PEER = 3

export interface MembershipOptions {
  readonly ownId: PeerId
  readonly genesisHash: Hash
  readonly bls: Pick<BlsScheme, 'verify'>
  readonly room: Room
  readonly persistent: ReadonlySet<PeerId>
  readonly tally: Tally
  readonly nowMs: () => number
  emit(event: P2pEvent): void
  /** Every connection with this peer, greeted or not. */
  connectionsOf(peer: PeerId): readonly Connection[]
  /** No connection with the peer is left. */
  onLost(peer: PeerId): void
  /** One of several connections with the peer is gone. */
  onReduced(peer: PeerId): void
  /** Another chain, or another version of the protocol. */
  onStranger(peer: PeerId): void
}

export class Membership {
  readonly table: PeerTable
  readonly scores: PeerScores
  readonly #options: MembershipOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Why we let a peer go, until its connection is gone. */
  readonly #reasons = new Map<PeerId, string>()
  #blocked: ReadonlySet<PeerId> = new Set()

  constructor(options: MembershipOptions) {
    const { genesisHash, bls, nowMs, emit, tally } = options
    this.#options = options
    this.table = new PeerTable({ genesisHash, bls, onFalseClaim: (peer) => this.penalize(peer, 'CLAIM_INVALID') })
    this.scores = new PeerScores({
      nowMs,
      onBan: ({ peer, code, untilMs }) => {
        tally.banned()
        emit({ type: 'banned', peer, code, untilMs })
      },
    })
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  isUnwelcome(peer: PeerId): boolean {
    return this.#blocked.has(peer) || this.scores.standing(peer) === 'banned'
  }

  /** A persistent peer, or one that proved to be a validator of the set. */
  isReserved(peer: PeerId): boolean {
    return this.#options.persistent.has(peer) || this.table.get(peer)?.validator !== undefined
  }

  open(): readonly OpenConnection[] {
    return this.table.all().map((peer) => this.#openConnection(peer))
  }

  openAt(host: string): number {
    return this.table.all().filter(({ connections }) => hostOfConnection(connections[0]) === host).length
  }

  infos(): readonly PeerInfo[] {
    return this.table.all().map((peer) => {
      const { id, connections, agent, height, validator, connectedAtMs } = peer
      return {
        id,
        address: connections[0]?.remoteAddr.toString() ?? '',
        direction: connections[0]?.direction ?? 'inbound',
        agent,
        height,
        score: this.scores.scoreOf(id),
        isPersistent: this.#options.persistent.has(id),
        validator,
        connectedAtMs,
      }
    })
  }

  // ------------------------------------------------------------------------------------------------ coming, going

  /** A good hello came on this connection; returns whether the peer may stay. */
  welcome(connection: Connection, hello: Hello): boolean {
    const { nowMs, room, emit } = this.#options
    const id = connection.remotePeer.toString()
    if (this.isUnwelcome(id)) return this.#turnAway(connection, 'PEER_BANNED')
    const isNew = this.table.add(connection, hello, nowMs())
    const peer = this.table.get(id)
    // The claim may have been a lie.
    if (peer === undefined || this.isUnwelcome(id)) return this.#turnAway(connection, 'PEER_BANNED')
    if (!isNew) {
      this.#keepOne(peer)
      return true
    }
    const applicant = {
      ...this.#openConnection(peer),
      isBanned: false,
      bansAtAddress: this.scores.bansAt(hostOfConnection(connection)),
    }
    const others = this.open().filter((other) => other.peer !== id)
    const admission = admit(applicant, others, room)
    if (!admission.isAdmitted) {
      this.table.remove(connection)
      return this.#turnAway(connection, admission.code)
    }
    if (admission.drop !== undefined) this.disconnect(admission.drop, 'PEERS_FULL')
    this.#reasons.delete(id)
    emit({ type: 'connected', peer: id, address: connection.remoteAddr.toString(), direction: connection.direction })
    return true
  }

  /** There was no good hello. */
  refuse(connection: Connection, code: HandshakeFailure): void {
    const id = connection.remotePeer.toString()
    this.#count(id, code, connection)
    if (code === 'OTHER_CHAIN' || code === 'OTHER_VERSION') this.#options.onStranger(id)
    this.#turnAway(connection, code)
  }

  /** The connection is gone. */
  closed(connection: Connection): void {
    const { emit, onLost, onReduced } = this.#options
    const id = connection.remotePeer.toString()
    const wasPeer = this.table.get(id) !== undefined
    const isLast = this.table.remove(connection)
    if (this.table.get(id) !== undefined) onReduced(id)
    if (!wasPeer || !isLast) return
    const reason = this.#reasons.get(id) ?? 'closed'
    this.#reasons.delete(id)
    onLost(id)
    emit({ type: 'disconnected', peer: id, reason })
  }

  disconnect(peer: PeerId, reason: string): void {
    const connections = this.#options.connectionsOf(peer)
    if (this.table.get(peer) !== undefined) this.#reasons.set(peer, reason)
    for (const connection of connections) connection.abort(new Error(reason))
  }

  /** Whoever stands here is cut off and kept out until it does not. Returns who did and does not any more. */
  setBlocked(peers: readonly PeerId[]): readonly PeerId[] {
    const before = this.#blocked
    this.#blocked = new Set(peers)
    for (const peer of this.#blocked) this.disconnect(peer, 'blocked')
    return [...before].filter((peer) => !this.#blocked.has(peer))
  }

  // -------------------------------------------------------------------------------------------------------- faults

  penalize(peer: PeerId, code: string): void {
    if (this.#count(peer, code, this.table.get(peer)?.connections[0]) !== 'good') this.disconnect(peer, code)
  }

  #count(peer: PeerId, code: string, connection: Connection | undefined): Standing {
    const { tally, emit } = this.#options
    const wasBanned = this.scores.standing(peer) === 'banned'
    // Before its hello a peer is nobody, but it is somewhere: new ids must not come without end from one address.
    const at = connection ?? this.#options.connectionsOf(peer)[0]
    const standing = this.scores.penalize(peer, code, at === undefined ? undefined : hostOfConnection(at))
    tally.penalty(code)
    if (!wasBanned) emit({ type: 'penalty', peer, code, score: this.scores.scoreOf(peer) })
    return standing
  }

  // -------------------------------------------------------------------------------------------------------- inside

  /** Not at once: the peer shall read our hello and learn why, and then mostly goes by itself. Until then it gets nothing. */
  #turnAway(connection: Connection, reason: string): false {
    const peer = connection.remotePeer.toString()
    this.#options.emit({ type: 'disconnected', peer, reason })
    this.#later(TURNED_AWAY_MS, () => connection.abort(new Error(reason)))
    return false
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      then()
    }, ms)
    this.#timers.add(timer)
  }

  #keepOne(peer: Peer): void {
    const { ownId } = this.#options
    const known = peer.connections.map((connection) => {
      const { direction, timeline } = connection
      return { connection, direction, openedAtMs: timeline.open }
    })
    const best = connectionToKeep(known, ownId < peer.id ? 'outbound' : 'inbound')?.connection
    if (best === undefined || peer.connections.length < 2) return
    this.table.prefer(best)
    const rest = peer.connections.filter((connection) => connection !== best)
    for (const extra of rest.slice(0, -(MAX_CONNECTIONS_PER_PEER - 1))) extra.abort(new Error('too many connections'))
    this.#later(DUPLICATE_CLOSED_MS, () => {
      for (const connection of rest) if (best.status === 'open') connection.abort(new Error('one connection is enough'))
    })
  }

  #openConnection({ id, connections, connectedAtMs }: Peer): OpenConnection {
    return {
      peer: id,
      address: hostOfConnection(connections[0]),
      isOutbound: connections[0]?.direction === 'outbound',
      score: this.scores.scoreOf(id),
      connectedAtMs,
      isReserved: this.isReserved(id),
    }
  }
}

const hostOfConnection = (connection: Connection | undefined): string =>
  (connection === undefined ? undefined : hostOf(connection.remoteAddr.toString())) ?? ''
