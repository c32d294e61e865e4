/**
 * How much an honest peer at most asks and sends, and with that what is allowed. Derived for V = 100 validators and the
 * re-sends of S8 every D; where a figure depends on D it is given per D, so that it holds on every preset.
 *
 * Each rate leaves room for at least twice the honest most, because a pause of either side (a block of two seconds, a
 * process that was stopped) makes seconds of messages arrive at once. What is above costs little; as much again above
 * the limit as within it is a flood, and bans (rate-limit.ts).
 */
import { MAX_PROPOSAL_BYTES } from '../consensus/block.ts'
import { MAX_CERTIFICATES_SERVED, MAX_FETCHES, RESEND_VIEWS } from '../consensus/simplex/limits.ts'
import { MESSAGE_TYPES, type MessageType } from './message-types.ts'
import type { ConductCode } from './penalties.ts'
import { type RateLimit, RateLimiter, type RateVerdict } from './rate-limit.ts'
import type { Origin, PeerId, PeerRequest } from './transport.ts'
import { MAX_GOSSIP_TRANSACTIONS, MAX_RANGE_BLOCKS } from './wire.ts'
import { MAX_EDGES } from './wire-light.ts'

/** `peers`: the exchange of addresses. */
export type RequestType = PeerRequest['type'] | 'peers'
/** The figures per D are taken for eight of them, which is also the longest pause that a bucket makes good. */
const BURST_DELAYS = 8
/** Peers that may use their whole limit at the same time: what one core answers beside its own work. */
const BUSY_PEERS = 8

const limit = (units: number, perMs: number, busyPeers = BUSY_PEERS): RateLimit => ({
  perPeer: { units, perMs },
  total: { units: units * busyPeers, perMs },
})

/** Units are requests, for `range` and `receipts` blocks asked for. Refused requests are not answered. */
function requestLimits(networkDelayMs: number): Readonly<Record<RequestType, RateLimit>> {
  const perMs = BURST_DELAYS * networkDelayMs
  return {
    // A node that lags asks whom it sees at most once in D; the handshake asks once more. Twice that.
    status: limit(2 * BURST_DELAYS, perMs),
    // The engine asks for MAX_FETCHES blocks every D, of several peers in turn, and large proposals are fetched by hash.
    block: limit(2 * MAX_FETCHES * BURST_DELAYS, perMs),
    // Catching up verifies two certificates and a reveal for each block, some 3 ms: about 300 blocks/s at full speed.
    range: limit(64 * MAX_RANGE_BLOCKS, 4_000),
    // Asked at most once in D, of several peers in turn.
    certificates: limit(2 * BURST_DELAYS, perMs),
    // One answer is a tenth of a second of work and a megabyte: two nodes that join at full speed leave time for the chain.
    chunk: limit(16, 4_000, 2),
    // Filling in history asks for as many as for blocks, and waits for its signatures to be checked.
    receipts: limit(64 * MAX_RANGE_BLOCKS, 4_000),
    // Proving an edge whose state is here takes some 4 ms, verifying it 1 ms: one client asks for a dozen answers at most.
    edges: limit(16 * MAX_EDGES, 4_000, 2),
    // As many as blocks, and a hundredth of the work.
    headers: limit(64 * MAX_RANGE_BLOCKS, 4_000),
    // What a light node's clients ask: some twenty questions a second, each of a millisecond and some kilobytes.
    state: limit(128, 4_000),
    result: limit(64, 4_000),
    // Asked three times a minute while peers are wanted.
    peers: limit(8, 60_000),
  }
}

/** What one message counts, by its size on the wire: limits are asked before anything is decoded. */
type Units = (bytes: number) => number

interface MessageLimit extends RateLimit {
  readonly units: Units
}

/** The smallest envelope that can be valid; what is smaller is malformed and costs more than a limit. */
const MIN_ENVELOPE_BYTES = 100

const each: Units = () => 1
const byBytes: Units = (bytes) => bytes
const mostEnvelopes: Units = (bytes) => Math.min(MAX_GOSSIP_TRANSACTIONS, Math.ceil(bytes / MIN_ENVELOPE_BYTES))

/**
 * By its stream a peer says what it says itself; by gossip it also passes on what others say, each once, and by
 * `OutgoingGossip` no more than is allowed here. Every limit of a type must have room.
 */
function messageLimits(networkDelayMs: number, by: Origin): Readonly<Record<MessageType, readonly MessageLimit[]>> {
  const perMs = BURST_DELAYS * networkDelayMs
  return {
    // One block of 2 MiB each D: S8 sends it again while the view lasts. Announcements are as rare and much smaller.
    proposal: [
      { ...limit(2 * BURST_DELAYS * MAX_PROPOSAL_BYTES, perMs), units: byBytes },
      { ...limit(16 * BURST_DELAYS, perMs), units: each },
    ],
    // Two or three a view and, of S8, one each D. A peer that was behind passes on all that it fetched at once.
    certificate: [{ ...limit(4 * MAX_CERTIFICATES_SERVED, perMs), units: each }],
    // By stream: after an outage each validator sends two votes of RESEND_VIEWS views every D. By gossip, where each message
    // costs several times as much: two votes of each of 100 validators in a view, four views a second.
    vote: [
      by === 'direct'
        ? { ...limit(4 * RESEND_VIEWS * BURST_DELAYS, perMs), units: each }
        : { ...limit(4_096, 4_000), units: each },
    ],
    // One for each offender, which is slashed once: all of a third of 100 validators at once, with room.
    evidence: [{ ...limit(64, 60_000), units: each }],
    // A full chain (devnet) takes 4 MiB and 22,000 of the smallest a second; no node checks as many signatures yet. Each node
    // sends a batch every 10 ms while it takes in transactions; 1,000 messages a second take gossip a fifth of a core.
    transactions: [
      { ...limit(32 << 20, 4_000, 4), units: byBytes },
      { ...limit(256 * MAX_GOSSIP_TRANSACTIONS, 4_000, 2), units: mostEnvelopes },
      { ...limit(4_000, 4_000, 2), units: each },
    ],
  }
}

/** `ignored`: everybody together sent too much, which is nobody's fault. Otherwise the fault of the peer, for `blame`. */
export type Refused = 'ignored' | { readonly code: ConductCode }

function refusal(verdict: Exclude<RateVerdict, 'ok'>, rate: ConductCode, flood: ConductCode): Refused {
  if (verdict === 'over-total') return 'ignored'
  return { code: verdict === 'flood' ? flood : rate }
}

interface Clocked {
  readonly nowMs: () => number
  /** D. */
  readonly networkDelayMs: number
}

interface MessageLimiterOptions extends Clocked {
  readonly by: Origin
  /** Of every limit; default: all of it. */
  readonly share?: number
}

const shareOf = ({ perPeer, total, ...rest }: MessageLimit, share: number): MessageLimit => ({
  ...rest,
  perPeer: { ...perPeer, units: perPeer.units * share },
  total: { ...total, units: total.units * share },
})

/** The limits on messages. */
export class MessageLimiter {
  readonly #limits: ReadonlyMap<MessageType, readonly { readonly limit: MessageLimit; readonly limiter: RateLimiter }[]>

  constructor({ nowMs, networkDelayMs, by, share = 1 }: MessageLimiterOptions) {
    const limits = messageLimits(networkDelayMs, by)
    this.#limits = new Map(
      MESSAGE_TYPES.map((type) => [
        type,
        limits[type]
          .map((limit) => shareOf(limit, share))
          .map((limit) => ({ limit, limiter: new RateLimiter({ ...limit, nowMs }) })),
      ]),
    )
  }

  /** Undefined when the message may come in; to be asked once for each, before it is decoded. */
  refuses(peer: PeerId, type: MessageType, bytes: number, isReserved = false): Refused | undefined {
    for (const { limit, limiter } of this.#limits.get(type) ?? []) {
      const verdict = limiter.take(peer, limit.units(bytes), isReserved)
      if (verdict !== 'ok') return refusal(verdict, 'MESSAGE_RATE', 'MESSAGE_FLOOD')
    }
    return undefined
  }

  /** The peer left. */
  forget(peer: PeerId): void {
    for (const limits of this.#limits.values()) for (const { limiter } of limits) limiter.forget(peer)
  }
}

/** Of what neighbours take from us, what others say may use up so much: the rest is for what this node says itself. */
const PASSED_ON_SHARE = 3 / 4

/**
 * What this node passes on by gossip, of its own and of others: never more than each neighbour takes from it, whatever it took
 * in from all of them together.
 */
export class OutgoingGossip {
  readonly #all: MessageLimiter
  readonly #passedOn: MessageLimiter

  constructor({ nowMs, networkDelayMs }: Clocked) {
    this.#all = new MessageLimiter({ nowMs, networkDelayMs, by: 'gossip' })
    this.#passedOn = new MessageLimiter({ nowMs, networkDelayMs, by: 'gossip', share: PASSED_ON_SHARE })
  }

  hasRoom(type: MessageType, bytes: number, whose: 'own' | 'passed on' = 'own'): boolean {
    if (whose === 'passed on' && this.#passedOn.refuses('everybody', type, bytes) !== undefined) return false
    return this.#all.refuses('everybody', type, bytes) === undefined
  }
}

/** The limits on requests. */
export class RequestLimiter {
  readonly #limiters: ReadonlyMap<RequestType, RateLimiter>

  constructor({ nowMs, networkDelayMs }: Clocked) {
    const limits = Object.entries(requestLimits(networkDelayMs)) as [RequestType, RateLimit][]
    this.#limiters = new Map(limits.map(([type, limit]) => [type, new RateLimiter({ ...limit, nowMs })]))
  }

  /**
   * Undefined when the request may be answered.
   * @param blocks for `range` and `receipts`: as many as are asked for; what is beyond one answer is not counted
   */
  refuses(peer: PeerId, type: RequestType, blocks = 1, isReserved = false): Refused | undefined {
    const units = Math.max(1, Math.min(blocks, MAX_RANGE_BLOCKS))
    const verdict = this.#limiters.get(type)?.take(peer, units, isReserved) ?? 'ok'
    return verdict === 'ok' ? undefined : refusal(verdict, 'REQUEST_RATE', 'REQUEST_FLOOD')
  }

  /** The peer left. */
  forget(peer: PeerId): void {
    for (const limiter of this.#limiters.values()) limiter.forget(peer)
  }
}
