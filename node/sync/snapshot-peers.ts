/** Whom a joining node asks next: each peer within what it answers, slow ones less often, liars never again. */
import type { PeerId } from '../../p2p/transport.ts'
import type { Clock } from '../clock.ts'

/** Of one peer: while it sends one answer, it reads the next. */
const MAX_IN_FLIGHT = 2
/** Between two questions to a peer: it answers sixteen in four seconds (p2p/limits.ts), and whoever asks more gets nothing. */
export const CHUNK_PACE_MS = 280
/** Added for each answer in a row that did not come, so that a silent peer is tried ever less often. */
const BACK_OFF_MS = 2_000
const MAX_BACK_OFF_MS = 60_000
/** Answers in a row that did not come, after which nobody waits for a peer. */
const MAX_SILENCES = 3
/** A peer may be a few blocks behind the one that named the state. */
const WITHOUT_MS = 10_000
/**
 * A state is given up when all have been without it for so long: after a restart the first peer to connect may be a liar, or
 * behind, and what it says must not cost all that was fetched before.
 */
const GIVE_UP_MS = 30_000
/** Needless splits after which a peer is asked only when nobody else is there. */
const MAX_NEEDLESS_SPLITS = 3

interface Known {
  inFlight: number
  notBeforeMs: number
  silences: number
  needlessSplits: number
  isLiar: boolean
  /** Since when it says that it lacks the state. */
  withoutSinceMs: number | undefined
}

export class SnapshotPeers {
  readonly #peers: () => readonly PeerId[]
  readonly #clock: Clock
  readonly #paceMs: number
  readonly #known = new Map<PeerId, Known>()

  constructor(peers: () => readonly PeerId[], clock: Clock, paceMs = CHUNK_PACE_MS) {
    this.#peers = peers
    this.#clock = clock
    this.#paceMs = paceMs
  }

  /** Peers that are there and have not been found lying. */
  get usable(): readonly PeerId[] {
    return this.#peers().filter((peer) => !this.#of(peer).isLiar)
  }

  /** Every peer that answers has said for long that it lacks this state, and there is one. */
  get allWithout(): boolean {
    const givenUpMs = this.#clock.nowMs() - GIVE_UP_MS
    const answering = this.usable.map((peer) => this.#of(peer)).filter(({ silences }) => silences < MAX_SILENCES)
    return (
      answering.length > 0 &&
      answering.every(({ withoutSinceMs }) => (withoutSinceMs ?? Number.POSITIVE_INFINITY) <= givenUpMs)
    )
  }

  /** Other peers than these may still answer. */
  hasOther(than: ReadonlySet<PeerId>): boolean {
    return this.usable.some((peer) => !than.has(peer) && this.#mayAnswer(this.#of(peer)))
  }

  /** Takes the peer that is least busy now; nothing when none may be asked yet. Whoever takes one says how it ended. */
  take(except: ReadonlySet<PeerId> = new Set()): PeerId | undefined {
    const nowMs = this.#clock.nowMs()
    const hasOther = this.hasOther(except)
    const free = this.usable.filter((peer) => {
      const known = this.#of(peer)
      const isFree = known.inFlight < MAX_IN_FLIGHT && known.notBeforeMs <= nowMs
      // Whoever splits needlessly is better waited without, while there is somebody to wait for.
      return isFree && !except.has(peer) && !(hasOther && known.needlessSplits >= MAX_NEEDLESS_SPLITS)
    })
    const [first] = free.toSorted((a, b) => this.#burden(a) - this.#burden(b))
    if (first === undefined) return undefined
    const known = this.#of(first)
    known.inFlight++
    known.notBeforeMs = nowMs + this.#paceMs
    return first
  }

  proved(peer: PeerId): void {
    const known = this.#ended(peer)
    known.silences = 0
    known.withoutSinceMs = undefined
  }

  /** Said that the range is too large. */
  split(peer: PeerId): void {
    this.#ended(peer).silences = 0
  }

  silent(peer: PeerId): void {
    const known = this.#ended(peer)
    known.silences++
    known.notBeforeMs = this.#clock.nowMs() + Math.min(known.silences * BACK_OFF_MS, MAX_BACK_OFF_MS)
  }

  /** Does not hold this state any more, or not yet. */
  without(peer: PeerId): void {
    const known = this.#ended(peer)
    known.withoutSinceMs ??= this.#clock.nowMs()
    known.notBeforeMs = this.#clock.nowMs() + WITHOUT_MS
  }

  lied(peer: PeerId): void {
    this.#ended(peer).isLiar = true
  }

  splitNeedlessly(peer: PeerId): void {
    this.#of(peer).needlessSplits++
  }

  /** Another state is asked for. */
  forgetState(): void {
    for (const known of this.#known.values()) known.withoutSinceMs = undefined
  }

  #of(peer: PeerId): Known {
    const known = this.#known.get(peer)
    if (known !== undefined) return known
    const stranger: Known = {
      inFlight: 0,
      notBeforeMs: 0,
      silences: 0,
      needlessSplits: 0,
      isLiar: false,
      withoutSinceMs: undefined,
    }
    this.#known.set(peer, stranger)
    return stranger
  }

  #ended(peer: PeerId): Known {
    const known = this.#of(peer)
    known.inFlight--
    return known
  }

  #mayAnswer(known: Known): boolean {
    return known.withoutSinceMs === undefined && known.silences === 0 && known.needlessSplits < MAX_NEEDLESS_SPLITS
  }

  /** Smaller = asked first. */
  #burden(peer: PeerId): number {
    const { inFlight, silences } = this.#of(peer)
    return inFlight + 4 * silences
  }
}
