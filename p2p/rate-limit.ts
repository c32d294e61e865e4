/**
 * How much a peer, and all peers together, may send or ask: token buckets, kept as the one time at which the bucket is
 * full again (GCRA), so that a peer costs two numbers and no timer. The figures are in limits.ts.
 *
 * What a peer sends above its limit fills a second bucket of the same size. While that holds it, the peer is a bit too
 * fast, or catches up after a pause; a peer that sends as much again above the limit as within it is flooding.
 */
import type { PeerId } from './transport.ts'

/** A bucket of `units` that refills in `perMs`: so many at once, and so many in every `perMs`. */
export interface Rate {
  readonly units: number
  readonly perMs: number
}

export interface RateLimit {
  readonly perPeer: Rate
  /**
   * Also holds when many peers stay within theirs. Not to be held against the one who happens to come last. Not for reserved peers
   * (validators, persistent ones), of which there are only so many: no crowd, of strangers or of them, must silence one.
   */
  readonly total: Rate
}

export type RateVerdict = 'ok' | 'over-peer' | 'flood' | 'over-total'

/** Buckets kept: four times the connections a node has, for peers that left in debt. */
const MAX_BUCKETS = 1_024

export interface RateLimiterOptions extends RateLimit {
  readonly nowMs: () => number
}

/** When each bucket is full again. */
interface Buckets {
  allowedMs: number
  excessMs: number
}

export class RateLimiter {
  readonly #nowMs: () => number
  readonly #perPeer: Rate
  readonly #total: Rate
  /** Absent: both are full. Oldest use first. */
  readonly #peers = new Map<PeerId, Buckets>()
  #totalMs = 0

  constructor({ nowMs, perPeer, total }: RateLimiterOptions) {
    this.#nowMs = nowMs
    this.#perPeer = perPeer
    this.#total = total
  }

  /** Takes `units` when there are as many. What is refused is not taken. */
  take(peer: PeerId, units: number, isReserved = false): RateVerdict {
    const nowMs = this.#nowMs()
    const buckets = this.#bucketsOf(peer, nowMs)
    const allowedMs = after(this.#perPeer, buckets.allowedMs, nowMs, units)
    if (allowedMs === undefined) {
      const excessMs = after(this.#perPeer, buckets.excessMs, nowMs, units)
      if (excessMs === undefined) return 'flood'
      buckets.excessMs = excessMs
      return 'over-peer'
    }
    if (!isReserved) {
      const totalMs = after(this.#total, this.#totalMs, nowMs, units)
      if (totalMs === undefined) return 'over-total'
      this.#totalMs = totalMs
    }
    buckets.allowedMs = allowedMs
    return 'ok'
  }

  /** The peer left. Its debt stays until it is paid, or coming back would pay it. */
  forget(peer: PeerId): void {
    const buckets = this.#peers.get(peer)
    if (buckets !== undefined && isFull(buckets, this.#nowMs())) this.#peers.delete(peer)
  }

  /** Peers whose buckets are not known to be full. */
  get size(): number {
    return this.#peers.size
  }

  #bucketsOf(peer: PeerId, nowMs: number): Buckets {
    const buckets = this.#peers.get(peer) ?? { allowedMs: 0, excessMs: 0 }
    // A clock that stepped back must not leave a debt that no bucket can have.
    const mostMs = nowMs + this.#perPeer.perMs
    buckets.allowedMs = Math.min(buckets.allowedMs, mostMs)
    buckets.excessMs = Math.min(buckets.excessMs, mostMs)
    this.#totalMs = Math.min(this.#totalMs, nowMs + this.#total.perMs)
    this.#peers.delete(peer)
    if (this.#peers.size >= MAX_BUCKETS) this.#makeRoom(nowMs)
    this.#peers.set(peer, buckets)
    return buckets
  }

  #makeRoom(nowMs: number): void {
    for (const [peer, buckets] of this.#peers) if (isFull(buckets, nowMs)) this.#peers.delete(peer)
    const [oldest] = this.#peers.keys()
    if (oldest !== undefined && this.#peers.size >= MAX_BUCKETS) this.#peers.delete(oldest)
  }
}

const isFull = ({ allowedMs, excessMs }: Buckets, nowMs: number): boolean => Math.max(allowedMs, excessMs) <= nowMs

/** When the bucket will be full after `units` are taken now; undefined when it does not hold so many. */
function after(rate: Rate, fullAtMs: number, nowMs: number, units: number): number | undefined {
  const next = Math.max(fullAtMs, nowMs) + (units * rate.perMs) / rate.units
  return next <= nowMs + rate.perMs ? next : undefined
}
