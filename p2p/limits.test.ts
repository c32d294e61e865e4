import { describe, expect, it } from 'vitest'
import { MAX_PROPOSAL_BYTES } from '../consensus/block.ts'
import { MAX_CERTIFICATES_SERVED, MAX_FETCHES, RESEND_VIEWS } from '../consensus/simplex/limits.ts'
import { MessageLimiter, OutgoingGossip, type Refused, RequestLimiter, type RequestType } from './limits.ts'
import { QUEUE_LIMITS } from './message-queue.ts'
import { MESSAGE_TYPES, type MessageType } from './message-types.ts'
import { PeerScores } from './score.ts'
import { MAX_GOSSIP_BYTES, MAX_RANGE_BLOCKS, MAX_WIRE_BYTES } from './wire.ts'

const VOTE_BYTES = 180
const DELAYS_MS = [100, 400, 1_500]

/** Calls `perDelay` times in each D, evenly, for 64 D; answers what came of it, each answer once. */
function spread(networkDelayMs: number, perDelay: number, call: (nowMs: number) => unknown, delays = 64): unknown[] {
  const answers = new Set<unknown>()
  for (let i = 0; i < delays * perDelay; i++) answers.add(call((i * networkDelayMs) / perDelay))
  return [...answers]
}

describe('message limits', () => {
  // What an honest peer at most sends in each D, and the size of one.
  const HONEST: readonly (readonly [MessageType, number, number])[] = [
    ['proposal', 1, MAX_PROPOSAL_BYTES],
    ['certificate', 4, 300],
    ['vote', 2 * RESEND_VIEWS, VOTE_BYTES],
  ]

  describe.each(DELAYS_MS)('with D = %i ms', (networkDelayMs) => {
    it.each(HONEST)('let the honest most of %s through for ever', (type, perDelay, bytes) => {
      let nowMs = 0
      const limiter = new MessageLimiter({ nowMs: () => nowMs, networkDelayMs, by: 'direct' })
      const answers = spread(networkDelayMs, perDelay, (atMs) => {
        nowMs = atMs
        return limiter.refuses('p', type, bytes)
      })
      expect(answers).toEqual([undefined])
    })

    it('let through what piled up while either side was stopped for three D', () => {
      for (const [type, perDelay, bytes] of HONEST) {
        const limiter = new MessageLimiter({ nowMs: () => 0, networkDelayMs, by: 'direct' })
        for (let i = 0; i < 3 * perDelay; i++) expect(limiter.refuses('p', type, bytes), type).toBeUndefined()
      }
    })

    it('ban whoever sends a hundred times as much, within 16 D', () => {
      for (const [type, perDelay, bytes] of HONEST) {
        let nowMs = 0
        const limiter = new MessageLimiter({ nowMs: () => nowMs, networkDelayMs, by: 'direct' })
        const scores = new PeerScores({ nowMs: () => nowMs })
        const flood = (atMs: number) => {
          nowMs = atMs
          blame(scores, limiter.refuses('p', type, bytes))
        }
        spread(networkDelayMs, 100 * perDelay, flood, 16)
        expect(scores.standing('p'), type).toBe('banned')
      }
    })
  })

  it('let a peer pass on at once all certificates of an answer', () => {
    const limiter = new MessageLimiter({ nowMs: () => 0, networkDelayMs: 400, by: 'direct' })
    for (let i = 0; i < MAX_CERTIFICATES_SERVED; i++) expect(limiter.refuses('p', 'certificate', 300)).toBeUndefined()
  })

  it('let a full chain’s transactions through: 4 MiB a second in batches', () => {
    let nowMs = 0
    const limiter = new MessageLimiter({ nowMs: () => nowMs, networkDelayMs: 400, by: 'direct' })
    for (let i = 0; i < 1_000; i++) {
      nowMs += 10
      expect(limiter.refuses('p', 'transactions', (4 << 20) / 100)).toBeUndefined()
    }
  })

  it('hold nothing against a peer for what all send together', () => {
    const limiter = new MessageLimiter({ nowMs: () => 0, networkDelayMs: 400, by: 'direct' })
    const answers = new Set<unknown>()
    for (let peer = 0; peer < 20; peer++) {
      for (let i = 0; i < 64; i++) answers.add(limiter.refuses(`peer ${peer}`, 'evidence', 400))
    }
    expect([...answers]).toEqual([undefined, 'ignored'])
    expect(limiter.refuses('peer 0', 'evidence', 400)).toEqual({ code: 'MESSAGE_RATE' })
  })

  it('have a penalty for every breach, and room in the queue for one of the largest', () => {
    const largest = {
      proposal: MAX_PROPOSAL_BYTES,
      certificate: 512,
      vote: 512,
      evidence: 513,
      transactions: MAX_GOSSIP_BYTES,
    }
    for (const type of MESSAGE_TYPES) {
      const limiter = new MessageLimiter({ nowMs: () => 0, networkDelayMs: 400, by: 'direct' })
      expect(limiter.refuses('p', type, largest[type]), type).toBeUndefined()
      let refused: Refused | undefined
      for (let i = 0; i < 100_000 && refused === undefined; i++) refused = limiter.refuses('p', type, largest[type])
      expect(refused, type).toHaveProperty('code')
      expect(QUEUE_LIMITS[type].maxBytes / 4, type).toBeGreaterThanOrEqual(largest[type])
    }
    expect(QUEUE_LIMITS.proposal.maxBytes).toBeLessThanOrEqual(8 * MAX_WIRE_BYTES)
  })
})

describe('gossip', () => {
  it('lets through two votes of 100 validators in four views a second', () => {
    let nowMs = 0
    const limiter = new MessageLimiter({ nowMs: () => nowMs, networkDelayMs: 400, by: 'gossip' })
    for (let i = 0; i < 20_000; i++) {
      nowMs += 1_000 / 800
      expect(limiter.refuses('p', 'vote', VOTE_BYTES)).toBeUndefined()
    }
  })

  it('never makes an honest node send what its neighbours refuse, whatever it is given to pass on', () => {
    for (const type of MESSAGE_TYPES) {
      let nowMs = 0
      const outgoing = new OutgoingGossip({ nowMs: () => nowMs, networkDelayMs: 400 })
      const neighbour = new MessageLimiter({ nowMs: () => nowMs, networkDelayMs: 400, by: 'gossip' })
      const refused = new Set<unknown>()
      let passedOn = 0
      for (let i = 0; i < 50_000; i++) {
        if (i % 5_000 === 0) nowMs += 1_000
        if (!outgoing.hasRoom(type, 400)) continue
        refused.add(neighbour.refuses('us', type, 400))
        passedOn++
      }
      expect([...refused], type).toEqual([undefined])
      expect(passedOn, type).toBeLessThan(50_000)
    }
  })
})

describe('what a node says itself', () => {
  it('has room beside all that others have it pass on', () => {
    for (const type of MESSAGE_TYPES) {
      const outgoing = new OutgoingGossip({ nowMs: () => 0, networkDelayMs: 400 })
      for (let i = 0; i < 50_000; i++) outgoing.hasRoom(type, 400, 'passed on')
      expect(outgoing.hasRoom(type, 400, 'passed on'), type).toBe(false)
      expect(outgoing.hasRoom(type, 400), type).toBe(true)
    }
  })
})

describe('request limits', () => {
  // What an honest peer at most asks in each D; blocks for `range`.
  const HONEST: readonly (readonly [RequestType, number, number])[] = [
    ['status', 1, 1],
    ['block', MAX_FETCHES, 1],
    ['certificates', 1, 1],
  ]

  it.each(HONEST)('answer the honest most of %s for ever', (type, perDelay, blocks) => {
    for (const networkDelayMs of DELAYS_MS) {
      let nowMs = 0
      const limiter = new RequestLimiter({ nowMs: () => nowMs, networkDelayMs })
      const answers = spread(networkDelayMs, perDelay, (atMs) => {
        nowMs = atMs
        return limiter.refuses('p', type, blocks)
      })
      expect(answers).toEqual([undefined])
    }
  })

  it('answer whoever catches up at 500 blocks a second', () => {
    let nowMs = 0
    const limiter = new RequestLimiter({ nowMs: () => nowMs, networkDelayMs: 400 })
    for (let i = 0; i < 1_000; i++) {
      nowMs += 1_000 * (MAX_RANGE_BLOCKS / 500)
      expect(limiter.refuses('p', 'range', MAX_RANGE_BLOCKS)).toBeUndefined()
    }
  })

  it('of all together are of strangers: they keep no validator from asking', () => {
    const limiter = new RequestLimiter({ nowMs: () => 0, networkDelayMs: 400 })
    for (let peer = 0; peer < 20; peer++) {
      while (limiter.refuses(`stranger ${peer}`, 'block') === undefined) {
        // Goes on.
      }
    }
    expect(limiter.refuses('another', 'block')).toBe('ignored')
    expect(limiter.refuses('validator', 'block', 1, true)).toBeUndefined()
  })

  it('count a range as what one answer holds, whatever it asks for', () => {
    const asked = (blocks: number) => {
      const limiter = new RequestLimiter({ nowMs: () => 0, networkDelayMs: 400 })
      let answers = 0
      while (answers < 10_000 && limiter.refuses('p', 'range', blocks) === undefined) answers++
      return answers
    }
    expect(asked(Number.MAX_SAFE_INTEGER)).toBe(asked(MAX_RANGE_BLOCKS))
    expect(asked(0)).toBe(asked(1))
    expect(asked(1)).toBe(MAX_RANGE_BLOCKS * asked(MAX_RANGE_BLOCKS))
  })

  it.each(['status', 'block', 'range', 'certificates', 'peers'] as const)(
    'ban whoever asks for %s without end',
    (type) => {
      const limiter = new RequestLimiter({ nowMs: () => 0, networkDelayMs: 400 })
      const scores = new PeerScores({ nowMs: () => 0 })
      const refusals: (Refused | undefined)[] = []
      while (refusals.length < 10_000 && scores.standing('p') !== 'banned') {
        refusals.push(limiter.refuses('p', type))
        blame(scores, refusals.at(-1))
      }
      // As many as are allowed, as many again, and one.
      const allowed = refusals.filter((refused) => refused === undefined).length
      expect(refusals.length).toBe(2 * allowed + 1)
      expect(refusals.at(-1)).toEqual({ code: 'REQUEST_FLOOD' })
      expect(scores.standing('p')).toBe('banned')
    },
  )
})

function blame(scores: PeerScores, refused: Refused | undefined): void {
  if (refused !== undefined && refused !== 'ignored') scores.penalize('p', refused.code)
}
