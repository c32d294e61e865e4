/**
 * Who may be connected, who has to go, and whom to dial. Pure: p2p-node.ts carries the answers out.
 *
 * A connection is judged twice: when it comes in, by its address, before it costs a handshake; and after the handshake,
 * when it is known who it is. Persistent peers and validators of the set have reserved places. A third of the places is for
 * peers that this node chose itself, so that no crowd of strangers that dial in can surround it (eclipse).
 */
import { groupOf } from './address.ts'
import { DISCONNECT_SCORE } from './score-law.ts'
import type { PeerId } from './transport.ts'

export interface Room {
  /** Peers without a reserved place. */
  readonly maxPeers: number
  /** Connections of one host, of any kind; a ban takes up one as well. */
  readonly maxPeersPerAddress: number
}

/** Connections that have not finished the handshake: each may cost a key exchange, some milliseconds. */
export const MAX_PENDING = 64
/** Peers with reserved places: a whole validator set, and more persistent peers than anybody has. */
export const MAX_RESERVED = 256
/** Part of the places that is for peers this node dialled. Gossipsub wants 2 of 8 in a mesh; lodestar 1 of 10 connections. */
const OUTBOUND_SHARE = 1 / 3
/** Dials at the same time. */
export const MAX_DIALLING = 16

export interface OpenConnection {
  readonly peer: PeerId
  /** Host, as `hostOf` gives it. */
  readonly address: string
  readonly isOutbound: boolean
  readonly score: number
  readonly connectedAtMs: number
  /** A persistent peer, or proved to be a validator of the set. */
  readonly isReserved: boolean
}

export type RefusalOfPeer = 'PEER_BANNED' | 'ADDRESS_FULL' | 'PENDING_FULL' | 'PEERS_FULL' | 'SCORE_TOO_LOW'

/** What is known before the handshake. */
export interface Arrival {
  /** Connections before their handshake, without this one. */
  readonly pending: number
  readonly pendingAtAddress: number
  /** Peers connected from this host. */
  readonly openAtAddress: number
  /** Peers of this host that are banned now (PeerScores.bansAt). */
  readonly bansAtAddress: number
}

/** Places of an address that bans take. One is left: it may be shared, and whoever earned the bans must not lock out the others. */
const takenByBans = (bans: number, { maxPeersPerAddress }: Room): number => Math.min(bans, maxPeersPerAddress - 1)

/** Whether a connection that comes in is worth a handshake; undefined when it is. */
export function refuseArrival(arrival: Arrival, room: Room): RefusalOfPeer | undefined {
  if (arrival.pending >= MAX_PENDING) return 'PENDING_FULL'
  const taken = arrival.openAtAddress + takenByBans(arrival.bansAtAddress, room) + arrival.pendingAtAddress
  return taken >= room.maxPeersPerAddress ? 'ADDRESS_FULL' : undefined
}

export interface Applicant extends OpenConnection {
  readonly isBanned: boolean
  readonly bansAtAddress: number
}

export type Admission =
  /** `drop`: who has to go for it. */
  | { readonly isAdmitted: true; readonly drop: PeerId | undefined }
  | { readonly isAdmitted: false; readonly code: RefusalOfPeer }

const refuse = (code: RefusalOfPeer): Admission => ({ isAdmitted: false, code })

/** Whether a peer that finished its handshake stays. `open` holds the peers that are in, without it. */
export function admit(applicant: Applicant, open: readonly OpenConnection[], room: Room): Admission {
  if (applicant.isBanned) return refuse('PEER_BANNED')
  if (applicant.isReserved) {
    return open.filter(({ isReserved }) => isReserved).length < MAX_RESERVED
      ? { isAdmitted: true, drop: undefined }
      : refuse('PEERS_FULL')
  }
  if (applicant.score <= DISCONNECT_SCORE) return refuse('SCORE_TOO_LOW')
  const atAddress = open.filter(({ address }) => address === applicant.address).length
  // Our own dials went to different networks already (nextDials).
  if (!applicant.isOutbound && atAddress + takenByBans(applicant.bansAtAddress, room) >= room.maxPeersPerAddress) {
    return refuse('ADDRESS_FULL')
  }
  const strangers = open.filter(({ isReserved }) => !isReserved)
  if (strangers.length < room.maxPeers) return { isAdmitted: true, drop: undefined }
  const last = firstToGo(open, room)
  // Places change hands for a better peer, or for one of the outbound minimum; not for just another stranger.
  const isWanted = applicant.isOutbound && outbound(open) < outboundMinimum(room)
  if (last === undefined || !(isWanted || last.score < applicant.score)) return refuse('PEERS_FULL')
  return { isAdmitted: true, drop: last.peer }
}

/**
 * Whom to disconnect first for want of room: never a reserved peer, nor one of the outbound minimum; the worst score, and
 * among equals the youngest, so that a crowd of newcomers pushes out nobody but itself.
 */
export function firstToGo(open: readonly OpenConnection[], room: Room): OpenConnection | undefined {
  const keepsOutbound = outbound(open) <= outboundMinimum(room)
  return open
    .filter((peer) => !peer.isReserved && !(peer.isOutbound && keepsOutbound))
    .toSorted((a, b) => a.score - b.score || b.connectedAtMs - a.connectedAtMs)[0]
}

export const outboundMinimum = ({ maxPeers }: Room): number => Math.ceil(maxPeers * OUTBOUND_SHARE)

const outbound = (open: readonly OpenConnection[]): number => open.filter(({ isOutbound }) => isOutbound).length

export interface Duplicate {
  readonly direction: 'inbound' | 'outbound'
  readonly openedAtMs: number
}

/** Both ends dialled before either heard of the other's dial: a dial takes seconds at most. */
const SIMULTANEOUS_MS = 3_000

/**
 * Which of several connections with one peer stays. Of two that both ends dialled at the same time, both ends keep the one that the
 * smaller id dialled. Otherwise the newest: whoever dials again has lost the older, though we may not have noticed.
 * @param wanted the direction, as seen here, of what the smaller id dialled
 */
export function connectionToKeep<T extends Duplicate>(
  connections: readonly T[],
  wanted: Duplicate['direction'],
): T | undefined {
  const newestFirst = connections.toSorted((a, b) => b.openedAtMs - a.openedAtMs)
  const [newest] = newestFirst
  if (newest === undefined) return undefined
  const rivals = newestFirst.filter(({ openedAtMs }) => newest.openedAtMs - openedAtMs < SIMULTANEOUS_MS)
  return rivals.find(({ direction }) => direction === wanted) ?? newest
}

/** How many dials to begin now, to peers that are not persistent ones. */
export function dialsWanted(open: readonly OpenConnection[], dialling: number, room: Room): number {
  const strangers = open.filter(({ isReserved }) => !isReserved).length
  // Beyond the places there are, a new one only pushes out another.
  const missing = Math.min(outboundMinimum(room) - outbound(open), Math.max(room.maxPeers - strangers, 1))
  return Math.max(0, Math.min(missing, MAX_DIALLING) - dialling)
}

export interface DialCandidate {
  readonly peer: PeerId
  readonly address: string
  /** Dials in a row that failed. */
  readonly failures: number
  /** 0 when it was never tried. */
  readonly lastTriedMs: number
}

/** @param random in [0, 1) */
export function redialDelayMs(failures: number, { firstMs, maxMs }: Backoff, random: number): number {
  const delayMs = Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1))
  // Half of it by chance: nodes that lost each other together must not all come back at one moment.
  return failures === 0 ? 0 : delayMs / 2 + (delayMs / 2) * random
}

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** Persistent peers: a validator that restarts must be back within seconds. */
export const PERSISTENT_BACKOFF: Backoff = { firstMs: 500, maxMs: 4_000 }
/** Others: most that do not answer are gone. */
export const CANDIDATE_BACKOFF: Backoff = { firstMs: 5_000, maxMs: 30 * 60_000 }

/**
 * Whom to dial: `wanted` of the candidates whose backoff is over, from as many networks as possible, for whoever rents one
 * network can fill an address book with it. Within a network those that failed least, then the longest untried.
 */
export function nextDials(
  candidates: readonly DialCandidate[],
  open: readonly OpenConnection[],
  wanted: number,
  { nowMs, isBanned }: { readonly nowMs: number; readonly isBanned: (peer: PeerId) => boolean },
): DialCandidate[] {
  const connected = new Set(open.map(({ peer }) => peer))
  const left = candidates
    .filter((candidate) => !connected.has(candidate.peer) && isDue(candidate, nowMs) && !isBanned(candidate.peer))
    .toSorted((a, b) => a.failures - b.failures || a.lastTriedMs - b.lastTriedMs)
  const perGroup = new Map<string, number>()
  const count = (address: string) => perGroup.set(groupOf(address), (perGroup.get(groupOf(address)) ?? 0) + 1)
  for (const { isOutbound, address } of open) if (isOutbound) count(address)
  const chosen: DialCandidate[] = []
  while (chosen.length < wanted && left.length > 0) {
    const crowd = (candidate: DialCandidate) => perGroup.get(groupOf(candidate.address)) ?? 0
    const best = left.reduce((first, other) => (crowd(other) < crowd(first) ? other : first))
    left.splice(left.indexOf(best), 1)
    chosen.push(best)
    count(best.address)
  }
  return chosen
}

const isDue = ({ failures, lastTriedMs }: DialCandidate, nowMs: number): boolean =>
  nowMs >= lastTriedMs + redialDelayMs(failures, CANDIDATE_BACKOFF, 1)
