/**
 * Gossipsub v1.1 peer scoring: what the mesh thinks of a neighbour (libp2p specs, pubsub/gossipsub/gossipsub-v1.1.md).
 *
 *     score = sum over topics of weight * (P1 time in mesh + P2 first deliveries + P4 invalid messages), at most TOPIC_CAP
 *           + P5 application score + P6 hosts shared with many + P7 broken promises and early grafts
 *
 * P5 is the application score as it is (score.ts, 0 to -100), and the thresholds are its own: whoever is to be disconnected
 * is no longer told about messages, whoever is to be banned is no longer listened to. The mesh's own counts only bring that
 * about sooner, within the heartbeat instead of after the verdict.
 *
 * An honest peer is never below 0: P4 counts what it forwarded unchecked, P6 begins above what admission lets in, P7 has
 * a threshold. P3 (too few deliveries) is off: how many messages there are depends on users, and in a quiet network every
 * honest peer would look lazy.
 */
import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score'
import { BAN_SCORE, DISCONNECT_SCORE, HALF_LIFE_MS } from './score-law.ts'
import type { PeerId } from './transport.ts'

/** Most that good conduct earns: less than two malformed messages cost, so that nobody can save up for mischief. */
const TOPIC_CAP = 10
const MINUTE_MS = 60_000
const DECAY_INTERVAL_MS = 10_000
/** Counters below this are 0. */
const DECAY_TO_ZERO = 0.1

/** Factor of one decay interval for a counter that is to be halved in this time. */
const decayOf = (halfLifeMs: number): number => 0.5 ** (DECAY_INTERVAL_MS / halfLifeMs)

/** Blocks and certificates are few and everybody waits for them; votes and transactions are many. */
const TOPIC_WEIGHTS = { block: 1, certificate: 1, vote: 0.5, evidence: 0.5, tx: 0.5 } as const

export type GossipTopic = keyof typeof TOPIC_WEIGHTS

const topicScore = (topicWeight: number): TopicScoreParams => ({
  topicWeight,
  // P1: 1 after ten minutes. Keeps old acquaintances ahead of newcomers.
  timeInMeshWeight: 0.1,
  timeInMeshQuantum: MINUTE_MS,
  timeInMeshCap: 10,
  // P2: 5 for those who are often first; of the last minutes only, so that it has to be earned again.
  firstMessageDeliveriesWeight: 0.05,
  firstMessageDeliveriesDecay: decayOf(MINUTE_MS),
  firstMessageDeliveriesCap: 100,
  // P3 and P3b: off, see above. The library wants valid numbers all the same.
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 0,
  meshMessageDeliveriesActivation: MINUTE_MS,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  // P4: -5, -20, -45, -80 for the first invalid messages, beside ten points of the application score for each.
  invalidMessageDeliveriesWeight: -5,
  invalidMessageDeliveriesDecay: decayOf(HALF_LIFE_MS),
})

export interface GossipScoreOptions {
  /** Full names of the topics. */
  readonly topics: Readonly<Record<GossipTopic, string>>
  /** PeerScores.scoreOf. */
  readonly scoreOf: (peer: PeerId) => number
  /** Connections that admission lets in from one host. */
  readonly maxPeersPerAddress: number
}

export function gossipScoreParams({ topics, scoreOf, maxPeersPerAddress }: GossipScoreOptions): PeerScoreParams {
  const weights = Object.entries(TOPIC_WEIGHTS) as [GossipTopic, number][]
  return {
    topics: Object.fromEntries(weights.map(([topic, weight]) => [topics[topic], topicScore(weight)])),
    topicScoreCap: TOPIC_CAP,
    appSpecificScore: scoreOf,
    appSpecificWeight: 1,
    // P6: begins where admission ends, so it only meets crowds that got in otherwise. Three more lose gossip, five more are shut
    // out. A devnet lets all its nodes in from one host and so has none of it.
    IPColocationFactorWeight: -2,
    IPColocationFactorThreshold: maxPeersPerAddress,
    IPColocationFactorWhitelist: new Set(),
    // P7: one point for each promised message that did not come (IHAVE without the rest) and each graft before its time. A peer
    // whose process is stopped for seconds breaks at most one promise for each topic and heartbeat still open: 5 topics, 3 s.
    behaviourPenaltyWeight: -1,
    behaviourPenaltyThreshold: 16,
    behaviourPenaltyDecay: decayOf(MINUTE_MS),
    decayInterval: DECAY_INTERVAL_MS,
    decayToZero: DECAY_TO_ZERO,
    // A peer that leaves with a bad score finds it again.
    retainScore: 3 * HALF_LIFE_MS,
  }
}

export const GOSSIP_THRESHOLDS: PeerScoreThresholds = {
  gossipThreshold: DISCONNECT_SCORE,
  publishThreshold: DISCONNECT_SCORE,
  graylistThreshold: BAN_SCORE,
  // Peer exchange by PRUNE is off: its addresses are unsigned here. Above what anybody reaches.
  acceptPXThreshold: TOPIC_CAP + 1,
  // Half of the mesh below a few minutes' standing: look for better neighbours.
  opportunisticGraftThreshold: 0.5,
}
