import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { penaltyCodes, penaltyOf } from './penalties.ts'
import { type Ban, MAX_REMEMBERED_PEERS, PeerScores, type Standing } from './score.ts'
import {
  BAN_MEMORY_MS,
  BAN_SCORE,
  DISCONNECT_SCORE,
  FIRST_BAN_MS,
  HALF_LIFE_MS,
  MAX_BAN_MS,
  MIN_SCORE,
} from './score-law.ts'

const MINUTE_MS = 60_000

function scores() {
  const clock = { nowMs: 1_000 }
  const bans: Ban[] = []
  return { clock, bans, peers: new PeerScores({ nowMs: () => clock.nowMs, onBan: (ban) => bans.push(ban) }) }
}

describe('peer scores', () => {
  // Fault, how often, score then, standing then. Written by hand from the table and the thresholds.
  const LAW: readonly (readonly [string, number, number, Standing])[] = [
    ['PEER_TIMEOUT', 1, -1, 'good'],
    ['PEER_TIMEOUT', 1_000, -10, 'good'],
    ['MESSAGE_RATE', 8, -1, 'good'],
    ['MESSAGE_RATE', 1_000, -15, 'good'],
    ['REQUEST_RATE', 8, -4, 'good'],
    ['REQUEST_RATE', 1_000, -15, 'good'],
    ['MESSAGE_FLOOD', 1, -50, 'banned'],
    ['REQUEST_FLOOD', 1, -50, 'banned'],
    ['RLP_LIMIT', 1, -50, 'banned'],
    ['FRAME_TOO_LARGE', 1, -50, 'banned'],
    ['MESSAGE_UNKNOWN', 3, -15, 'good'],
    ['MESSAGE_UNKNOWN', 4, -20, 'disconnect'],
    ['MESSAGE_UNKNOWN', 10, -50, 'banned'],
    ['RLP_INVALID', 1, -10, 'good'],
    ['RLP_INVALID', 2, -20, 'disconnect'],
    ['RLP_INVALID', 5, -50, 'banned'],
    ['OTHER_CHAIN', 1, -20, 'disconnect'],
    ['OTHER_CHAIN', 100, -25, 'disconnect'],
    ['CLAIM_INVALID', 3, -60, 'banned'],
    ['VOTE_SIGNATURE', 1, -100, 'banned'],
  ]

  it.each(LAW)('%s, %i times: %f, %s', (code, times, score, standing) => {
    const { peers, bans } = scores()
    for (let i = 0; i < times; i++) peers.penalize('p', code)
    expect(peers.scoreOf('p')).toBe(score)
    expect(peers.standing('p')).toBe(standing)
    expect(bans.length).toBe(standing === 'banned' ? 1 : 0)
    expect(peers.standing('stranger')).toBe('good')
    expect(peers.scoreOf('stranger')).toBe(0)
  })

  it('halves every ten minutes, whether asked or not', () => {
    const { peers, clock } = scores()
    for (let i = 0; i < 4; i++) peers.penalize('p', 'RLP_INVALID')
    const seen: number[] = []
    for (let i = 0; i < 4; i++) {
      seen.push(peers.scoreOf('p'))
      clock.nowMs += HALF_LIFE_MS
    }
    expect(seen).toEqual([-40, -20, -10, -5])
    expect(peers.standing('p')).toBe('good')
    // A clock that steps back gives nothing and takes nothing.
    clock.nowMs = 0
    expect(peers.scoreOf('p')).toBe(-40)
  })

  it('does not let a slow peer that lied climb to the floor of being slow', () => {
    const { peers } = scores()
    for (let i = 0; i < 4; i++) peers.penalize('p', 'RLP_INVALID')
    peers.penalize('p', 'PEER_TIMEOUT')
    expect(peers.scoreOf('p')).toBe(-40)
  })

  it('bans longer each time, up to a day, and forgets bans after a quiet day', () => {
    const { peers, clock } = scores()
    const lengths: number[] = []
    for (let i = 0; i < 9; i++) {
      peers.penalize('p', 'VOTE_SIGNATURE')
      const untilMs = peers.bannedUntilMs('p')!
      lengths.push((untilMs - clock.nowMs) / MINUTE_MS)
      clock.nowMs = untilMs - 1
      expect(peers.standing('p')).toBe('banned')
      clock.nowMs = untilMs
      expect(peers.standing('p')).toBe('good')
      expect(peers.bannedUntilMs('p')).toBeUndefined()
    }
    expect(lengths).toEqual([30, 60, 120, 240, 480, 960, 1_440, 1_440, 1_440])
    clock.nowMs += BAN_MEMORY_MS + 1
    peers.penalize('p', 'VOTE_SIGNATURE')
    expect(peers.bannedUntilMs('p')! - clock.nowMs).toBe(FIRST_BAN_MS)
    expect(Math.max(...lengths) * MINUTE_MS).toBe(MAX_BAN_MS)
  })

  it('counts one ban for a flood whose rest was on its way', () => {
    const { peers, bans, clock } = scores()
    for (let i = 0; i < 10_000; i++) peers.penalize('p', 'RLP_INVALID')
    expect(bans).toEqual([{ peer: 'p', code: 'RLP_INVALID', untilMs: clock.nowMs + FIRST_BAN_MS }])
  })

  it('remembers at which host bans were earned, until they end', () => {
    const { peers, clock } = scores()
    for (const peer of ['a', 'b']) peers.penalize(peer, 'VOTE_SIGNATURE', '10.0.0.1')
    peers.penalize('c', 'VOTE_SIGNATURE', '10.0.0.2')
    peers.penalize('d', 'RLP_INVALID', '10.0.0.1')
    // Known from an earlier fault, though it is gone by now.
    peers.penalize('e', 'RLP_INVALID', '10.0.0.4')
    peers.penalize('e', 'VOTE_SIGNATURE')
    expect(peers.bansAt('10.0.0.4')).toBe(1)
    expect([peers.bansAt('10.0.0.1'), peers.bansAt('10.0.0.2'), peers.bansAt('10.0.0.3')]).toEqual([2, 1, 0])
    clock.nowMs += FIRST_BAN_MS
    expect(peers.bansAt('10.0.0.1')).toBe(0)
  })

  it('stays bounded: the best are forgotten first, the banned only when there is nobody else', () => {
    const { peers } = scores()
    for (let i = 0; i < 100; i++) peers.penalize(`banned ${i}`, 'VOTE_SIGNATURE')
    peers.penalize('bad', 'CLAIM_INVALID')
    for (let i = 0; i < MAX_REMEMBERED_PEERS; i++) peers.penalize(`crowd ${i}`, 'PEER_TIMEOUT')
    expect(peers.size).toBeLessThanOrEqual(MAX_REMEMBERED_PEERS)
    for (let i = 0; i < 100; i++) expect(peers.standing(`banned ${i}`)).toBe('banned')
    expect(peers.scoreOf('bad')).toBe(-20)
    for (let i = 0; i < 2 * MAX_REMEMBERED_PEERS; i++) peers.penalize(`worse ${i}`, 'VOTE_SIGNATURE')
    expect(peers.size).toBeLessThanOrEqual(MAX_REMEMBERED_PEERS)
  })

  it('is between the minimum and 0, never better after a fault, and says what the thresholds say', () => {
    const anyCode = fc.constantFrom(...penaltyCodes())
    const step = fc.record({ code: anyCode, waitMs: fc.nat(3 * HALF_LIFE_MS) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { peers, clock } = scores()
        for (const { code, waitMs } of steps) {
          clock.nowMs += waitMs
          const before = peers.scoreOf('p')
          const wasBanned = peers.bannedUntilMs('p') !== undefined
          const standing = peers.penalize('p', code)
          const score = peers.scoreOf('p')
          expect(score).toBeLessThanOrEqual(before)
          expect(score).toBeGreaterThanOrEqual(MIN_SCORE)
          expect(standing).toBe(peers.standing('p'))
          if (wasBanned || penaltyOf(code).isFatal || score <= BAN_SCORE) expect(standing).toBe('banned')
          else expect(standing).toBe(score <= DISCONNECT_SCORE ? 'disconnect' : 'good')
        }
      }),
    )
  })
})
