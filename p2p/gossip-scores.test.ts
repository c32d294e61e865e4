import { validatePeerScoreParams, validatePeerScoreThresholds } from '@libp2p/gossipsub/score'
import { describe, expect, it } from 'vitest'
import { GOSSIP_THRESHOLDS, type GossipTopic, gossipScoreParams } from './gossip-scores.ts'
import { penaltyOf } from './penalties.ts'
import { BAN_SCORE, DISCONNECT_SCORE } from './score-law.ts'

const TOPICS: Readonly<Record<GossipTopic, string>> = {
  tx: '/quern/0/tx/1',
  block: '/quern/0/block/1',
  vote: '/quern/0/vote/1',
  certificate: '/quern/0/certificate/1',
  evidence: '/quern/0/evidence/1',
}
const NAMES = Object.values(TOPICS)

interface Neighbour {
  readonly minutesInMesh: number
  readonly firstDeliveries: number
  readonly invalid: number
  readonly appScore: number
  readonly peersOnHost: number
  readonly behaviour: number
}

const HONEST: Neighbour = {
  minutesInMesh: 0,
  firstDeliveries: 0,
  invalid: 0,
  appScore: 0,
  peersOnHost: 1,
  behaviour: 0,
}

/** The formula of the specification (gossipsub-v1.1.md, "The Score Function"), written out once more. */
function scoreOf(neighbour: Partial<Neighbour>, topics: readonly string[] = NAMES): number {
  const n = { ...HONEST, ...neighbour }
  const params = gossipScoreParams({ topics: TOPICS, scoreOf: () => n.appScore, maxPeersPerAddress: 4 })
  const perTopic = topics.map((name) => {
    const t = params.topics[name]!
    const p1 = Math.min((n.minutesInMesh * 60_000) / t.timeInMeshQuantum, t.timeInMeshCap) * t.timeInMeshWeight
    const p2 = Math.min(n.firstDeliveries, t.firstMessageDeliveriesCap) * t.firstMessageDeliveriesWeight
    expect([t.meshMessageDeliveriesWeight, t.meshFailurePenaltyWeight]).toEqual([0, 0])
    return t.topicWeight * (p1 + p2 + n.invalid ** 2 * t.invalidMessageDeliveriesWeight)
  })
  const sum = Math.min(
    perTopic.reduce((a, b) => a + b, 0),
    params.topicScoreCap,
  )
  const over = (value: number, threshold: number) => Math.max(0, value - threshold) ** 2
  return (
    sum +
    params.appSpecificScore('p') * params.appSpecificWeight +
    over(n.peersOnHost, params.IPColocationFactorThreshold) * params.IPColocationFactorWeight +
    over(n.behaviour, params.behaviourPenaltyThreshold) * params.behaviourPenaltyWeight
  )
}

describe('gossip scores', () => {
  it('are parameters the library takes', () => {
    const params = gossipScoreParams({ topics: TOPICS, scoreOf: () => 0, maxPeersPerAddress: 4 })
    expect(() => validatePeerScoreParams(params)).not.toThrow()
    expect(() => validatePeerScoreThresholds(GOSSIP_THRESHOLDS)).not.toThrow()
    expect(Object.keys(params.topics).toSorted()).toEqual(NAMES.toSorted())
  })

  it('are never negative for an honest peer: new, old, busy, lazy, among as many as are let in, or stopped for a while', () => {
    for (const minutesInMesh of [0, 1, 10_000]) {
      for (const firstDeliveries of [0, 1, 1e6]) {
        // Broken promises of a process that was stopped: five topics, three heartbeats each.
        const score = scoreOf({ minutesInMesh, firstDeliveries, peersOnHost: 4, behaviour: 15 })
        expect(score).toBeGreaterThanOrEqual(0)
      }
    }
    expect(scoreOf({})).toBe(0)
  })

  it('good conduct earns less than what two malformed messages cost', () => {
    const best = scoreOf({ minutesInMesh: 1e6, firstDeliveries: 1e6 })
    expect(best).toBe(10)
    expect(best).toBeLessThan(2 * penaltyOf('GOSSIP_INVALID').points)
    expect(best).toBeLessThan(GOSSIP_THRESHOLDS.acceptPXThreshold)
    expect(scoreOf({ minutesInMesh: 10, firstDeliveries: 20 })).toBeGreaterThan(
      GOSSIP_THRESHOLDS.opportunisticGraftThreshold,
    )
  })

  // With the application score of as many malformed messages.
  const INVALID: readonly (readonly [number, 'heard' | 'told nothing' | 'not heard'])[] = [
    [1, 'heard'],
    [2, 'told nothing'],
    [3, 'not heard'],
  ]
  it.each(INVALID)('after %i invalid messages a peer is %s, in every topic', (invalid, state) => {
    for (const topic of ['block', 'certificate'] as const) {
      const score = scoreOf({ invalid, appScore: -10 * invalid }, [TOPICS[topic]])
      const { gossipThreshold, graylistThreshold } = GOSSIP_THRESHOLDS
      const actual = score >= gossipThreshold ? 'heard' : score >= graylistThreshold ? 'told nothing' : 'not heard'
      expect(actual, topic).toBe(state)
    }
  })

  it('follow the application score: disconnected means told nothing, banned means not heard', () => {
    expect(scoreOf({ appScore: DISCONNECT_SCORE - 0.1 })).toBeLessThan(GOSSIP_THRESHOLDS.gossipThreshold)
    expect(scoreOf({ appScore: BAN_SCORE - 0.1 })).toBeLessThan(GOSSIP_THRESHOLDS.graylistThreshold)
  })

  it('shut out a crowd on one host, and whoever grafts without end', () => {
    expect(scoreOf({ peersOnHost: 4 + 5 })).toBeLessThanOrEqual(GOSSIP_THRESHOLDS.graylistThreshold)
    expect(scoreOf({ peersOnHost: 4 + 3 })).toBeGreaterThan(GOSSIP_THRESHOLDS.gossipThreshold)
    expect(scoreOf({ behaviour: 24 })).toBeLessThan(GOSSIP_THRESHOLDS.graylistThreshold)
  })
})
