/**
 * How far each peer is trusted: 0 for a stranger, less after each fault (penalties.ts), back to 0 with time. Kept by peer id,
 * so that coming back does not help.
 *
 * New ids cost nothing, so a ban is also remembered at the network address it was earned from: it takes one of the
 * connections that the address may have (admission.ts) until it ends. An address is never banned whole: behind it may be
 * a household, a data centre, or a devnet.
 */
import { penaltyOf } from './penalties.ts'
import {
  BAN_MEMORY_MS,
  BAN_SCORE,
  DISCONNECT_SCORE,
  FIRST_BAN_MS,
  FORGIVEN_SCORE,
  HALF_LIFE_MS,
  MAX_BAN_MS,
  MIN_SCORE,
} from './score-law.ts'
import type { PeerId } from './transport.ts'

/** Peers with a score: forty times the connections a node has, about 1 MB. */
export const MAX_REMEMBERED_PEERS = 4_096
/** Forgotten together when there are too many, so that a crowd of new ids does not sort the table at each. */
const FORGOTTEN_AT_ONCE = 64

/** What to do with the peer now. */
export type Standing = 'good' | 'disconnect' | 'banned'

export interface Ban {
  readonly peer: PeerId
  readonly code: string
  readonly untilMs: number
}

export interface PeerScoresOptions {
  readonly nowMs: () => number
  readonly onBan?: (ban: Ban) => void
}

interface Entry {
  score: number
  /** When `score` was that. */
  atMs: number
  bans: number
  bannedUntilMs: number
  /** Where it was last seen at fault. */
  address: string | undefined
}

export class PeerScores {
  readonly #nowMs: () => number
  readonly #onBan: (ban: Ban) => void
  readonly #peers = new Map<PeerId, Entry>()

  constructor({ nowMs, onBan }: PeerScoresOptions) {
    this.#nowMs = nowMs
    this.#onBan = onBan ?? (() => {})
  }

  /** Peers remembered. */
  get size(): number {
    return this.#peers.size
  }

  /**
   * Counts a fault. A banned peer's further faults are those already on their way, and do not lengthen the ban.
   * @param address host (address.ts) that the peer is connected from, where that is known
   */
  penalize(peer: PeerId, code: string, address?: string): Standing {
    const nowMs = this.#nowMs()
    const entry = this.#peers.get(peer) ?? this.#add(peer, nowMs)
    if (entry.bannedUntilMs > nowMs) return 'banned'
    entry.address = address ?? entry.address
    const { points, floor, isFatal } = penaltyOf(code)
    const score = decayed(entry, nowMs)
    entry.score = Math.max(MIN_SCORE, Math.min(score, Math.max(score - points, floor ?? MIN_SCORE)))
    entry.atMs = nowMs
    if (isFatal || entry.score <= BAN_SCORE) this.#ban(peer, entry, code, nowMs)
    return standingOf(entry, nowMs)
  }

  /** From MIN_SCORE to 0. */
  scoreOf(peer: PeerId): number {
    const entry = this.#peers.get(peer)
    return entry === undefined ? 0 : decayed(entry, this.#nowMs())
  }

  standing(peer: PeerId): Standing {
    const entry = this.#peers.get(peer)
    return entry === undefined ? 'good' : standingOf(entry, this.#nowMs())
  }

  /** Undefined when the peer is not banned now. */
  bannedUntilMs(peer: PeerId): number | undefined {
    const untilMs = this.#peers.get(peer)?.bannedUntilMs ?? 0
    return untilMs > this.#nowMs() ? untilMs : undefined
  }

  /** Peers of this host that are banned now. */
  bansAt(address: string): number {
    const nowMs = this.#nowMs()
    let bans = 0
    for (const entry of this.#peers.values()) if (entry.address === address && entry.bannedUntilMs > nowMs) bans++
    return bans
  }

  #ban(peer: PeerId, entry: Entry, code: string, nowMs: number): void {
    if (nowMs > entry.bannedUntilMs + BAN_MEMORY_MS) entry.bans = 0
    entry.bannedUntilMs = nowMs + Math.min(MAX_BAN_MS, FIRST_BAN_MS * 2 ** entry.bans)
    entry.bans++
    this.#onBan({ peer, code, untilMs: entry.bannedUntilMs })
  }

  #add(peer: PeerId, nowMs: number): Entry {
    if (this.#peers.size >= MAX_REMEMBERED_PEERS) this.#forgetSome(nowMs)
    const entry: Entry = { score: 0, atMs: nowMs, bans: 0, bannedUntilMs: 0, address: undefined }
    this.#peers.set(peer, entry)
    return entry
  }

  /** The best first; banned ones last, by the end of their ban. */
  #forgetSome(nowMs: number): void {
    const isBanned = ({ bannedUntilMs }: Entry) => bannedUntilMs > nowMs
    const order = [...this.#peers].sort(([, a], [, b]) => {
      if (isBanned(a) !== isBanned(b)) return isBanned(a) ? 1 : -1
      return isBanned(a) ? a.bannedUntilMs - b.bannedUntilMs : decayed(b, nowMs) - decayed(a, nowMs)
    })
    for (const [place, [peer, entry]] of order.entries()) {
      if (place >= FORGOTTEN_AT_ONCE && !isForgiven(entry, nowMs)) break
      this.#peers.delete(peer)
    }
  }
}

/** The clock may step back; nothing is forgiven twice for that. */
const decayed = ({ score, atMs }: Entry, nowMs: number): number =>
  score * 2 ** (-Math.max(0, nowMs - atMs) / HALF_LIFE_MS)

function standingOf(entry: Entry, nowMs: number): Standing {
  if (entry.bannedUntilMs > nowMs) return 'banned'
  return decayed(entry, nowMs) <= DISCONNECT_SCORE ? 'disconnect' : 'good'
}

const isForgiven = (entry: Entry, nowMs: number): boolean =>
  decayed(entry, nowMs) > FORGIVEN_SCORE && (entry.bans === 0 || nowMs > entry.bannedUntilMs + BAN_MEMORY_MS)
