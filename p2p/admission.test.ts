import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupOf } from './address.ts'
import {
  type Admission,
  type Applicant,
  type Arrival,
  admit,
  CANDIDATE_BACKOFF,
  connectionToKeep,
  type DialCandidate,
  dialsWanted,
  firstToGo,
  MAX_DIALLING,
  MAX_PENDING,
  MAX_RESERVED,
  nextDials,
  type OpenConnection,
  outboundMinimum,
  PERSISTENT_BACKOFF,
  redialDelayMs,
  refuseArrival,
} from './admission.ts'

const ROOM = { maxPeers: 6, maxPeersPerAddress: 2 }
let peers = 0

function open(changes: Partial<OpenConnection> = {}): OpenConnection {
  const peer = `peer ${peers++}`
  return {
    peer,
    address: `10.${peers}.0.1`,
    isOutbound: false,
    score: 0,
    connectedAtMs: peers,
    isReserved: false,
    ...changes,
  }
}

const applicant = (changes: Partial<Applicant> = {}): Applicant => ({
  ...open(changes),
  isBanned: false,
  bansAtAddress: 0,
  ...changes,
})

const inbound = (count: number, changes: Partial<OpenConnection> = {}) =>
  Array.from({ length: count }, () => open(changes))
const outbound = (count: number) => inbound(count, { isOutbound: true })
const codeOf = (admission: Admission) => (admission.isAdmitted ? 'ADMITTED' : admission.code)

describe('of several connections with one peer', () => {
  const at = (openedAtMs: number, direction: 'inbound' | 'outbound') => ({ openedAtMs, direction })

  it('the one that the smaller id dialled stays, when both dialled at once', () => {
    const [mine, theirs] = [at(1_000, 'outbound'), at(1_400, 'inbound')]
    expect(connectionToKeep([mine, theirs], 'outbound')).toBe(mine)
    expect(connectionToKeep([mine, theirs], 'inbound')).toBe(theirs)
    expect(connectionToKeep([at(1_000, 'inbound'), at(1_001, 'inbound')], 'outbound')?.openedAtMs).toBe(1_001)
  })

  it('the newest stays otherwise: the peer restarted, and the end of the old one may never be noticed', () => {
    const [dead, fresh] = [at(1_000, 'outbound'), at(60_000, 'inbound')]
    expect(connectionToKeep([dead, fresh], 'outbound')).toBe(fresh)
    expect(connectionToKeep([dead], 'inbound')).toBe(dead)
    expect(connectionToKeep([], 'inbound')).toBeUndefined()
  })
})

describe('before the handshake', () => {
  const NOBODY: Arrival = { pending: 0, pendingAtAddress: 0, openAtAddress: 0, bansAtAddress: 0 }
  const CASES: readonly (readonly [Partial<Arrival>, string | undefined])[] = [
    [{}, undefined],
    [{ pending: MAX_PENDING - 1 }, undefined],
    [{ pending: MAX_PENDING }, 'PENDING_FULL'],
    [{ openAtAddress: 1 }, undefined],
    [{ openAtAddress: 2 }, 'ADDRESS_FULL'],
    // Never all of an address.
    [{ bansAtAddress: 2 }, undefined],
    [{ openAtAddress: 1, bansAtAddress: 2 }, 'ADDRESS_FULL'],
    [{ openAtAddress: 1, bansAtAddress: 1 }, 'ADDRESS_FULL'],
    [{ openAtAddress: 1, pendingAtAddress: 1 }, 'ADDRESS_FULL'],
    [{ pending: 2, pendingAtAddress: 2 }, 'ADDRESS_FULL'],
  ]

  it.each(CASES)('%j: %s', (changes, code) => {
    expect(refuseArrival({ ...NOBODY, ...changes }, ROOM)).toBe(code)
  })
})

describe('after the handshake', () => {
  it('admits a stranger while there is room, and nobody who is banned or has lost its standing', () => {
    expect(admit(applicant(), inbound(5), ROOM)).toEqual({ isAdmitted: true, drop: undefined })
    expect(codeOf(admit(applicant({ isBanned: true }), [], ROOM))).toBe('PEER_BANNED')
    expect(codeOf(admit(applicant({ isBanned: true, isReserved: true }), [], ROOM))).toBe('PEER_BANNED')
    expect(codeOf(admit(applicant({ score: -20 }), [], ROOM))).toBe('SCORE_TOO_LOW')
    expect(codeOf(admit(applicant({ score: -19.9 }), [], ROOM))).toBe('ADMITTED')
  })

  it('counts bans and connections of a host together, for those who came to us', () => {
    const address = '10.0.0.1'
    expect(codeOf(admit(applicant({ address }), inbound(1, { address }), ROOM))).toBe('ADMITTED')
    expect(codeOf(admit(applicant({ address }), inbound(2, { address }), ROOM))).toBe('ADDRESS_FULL')
    expect(codeOf(admit(applicant({ address, bansAtAddress: 1 }), inbound(1, { address }), ROOM))).toBe('ADDRESS_FULL')
    expect(codeOf(admit(applicant({ address, isOutbound: true }), inbound(2, { address }), ROOM))).toBe('ADMITTED')
    expect(codeOf(admit(applicant({ address, isReserved: true }), inbound(2, { address }), ROOM))).toBe('ADMITTED')
  })

  it('gives persistent peers and validators a place above all others, up to a bound', () => {
    const full = [...inbound(4), ...outbound(2)]
    expect(admit(applicant({ isReserved: true, score: -30 }), full, ROOM)).toEqual({
      isAdmitted: true,
      drop: undefined,
    })
    // And they take none of the strangers' places.
    expect(codeOf(admit(applicant(), [...inbound(100, { isReserved: true }), ...inbound(5)], ROOM))).toBe('ADMITTED')
    const crowd = inbound(MAX_RESERVED, { isReserved: true })
    expect(codeOf(admit(applicant({ isReserved: true }), crowd, ROOM))).toBe('PEERS_FULL')
  })

  it('when full, lets a better one in for the worst, and nobody for an equal', () => {
    const bad = open({ score: -5 })
    const worse = open({ score: -8 })
    const full = [...inbound(2), bad, worse, ...outbound(2)]
    expect(admit(applicant(), full, ROOM)).toEqual({ isAdmitted: true, drop: worse.peer })
    expect(codeOf(admit(applicant({ score: -8 }), full, ROOM))).toBe('PEERS_FULL')
    expect(codeOf(admit(applicant(), [...inbound(4), ...outbound(2)], ROOM))).toBe('PEERS_FULL')
  })

  it('when full, lets one of the outbound minimum in for the youngest that came to us', () => {
    const full = inbound(6)
    expect(admit(applicant({ isOutbound: true }), full, ROOM)).toEqual({ isAdmitted: true, drop: full[5]!.peer })
    expect(codeOf(admit(applicant({ isOutbound: true }), [...inbound(4), ...outbound(2)], ROOM))).toBe('PEERS_FULL')
  })
})

describe('who goes first', () => {
  it('the worst score, then the youngest; never a reserved peer, nor one of the outbound minimum', () => {
    const [old, young] = inbound(2)
    const bad = open({ score: -1 })
    const reserved = open({ score: -40, isReserved: true })
    const dialled = [open({ score: -30, isOutbound: true }), ...outbound(1)]
    expect(firstToGo([old!, young!, bad, reserved, ...dialled], ROOM)?.peer).toBe(bad.peer)
    expect(firstToGo([old!, young!, reserved, ...dialled], ROOM)?.peer).toBe(young!.peer)
    expect(firstToGo([reserved, ...dialled], ROOM)).toBeUndefined()
    // One more than the minimum of two: the worst of them may go.
    expect(firstToGo([old!, ...dialled, ...outbound(1)], ROOM)?.peer).toBe(dialled[0]!.peer)
  })

  it('a crowd of strangers never takes the place of peers dialled, reserved or older than it', () => {
    const any = fc.record({ score: fc.constantFrom(0, -1, -5), isReserved: fc.boolean(), isOutbound: fc.boolean() })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (start, crowd) => {
        let connected: OpenConnection[] = []
        const join = (one: Applicant) => {
          const answer = admit(one, connected, ROOM)
          if (answer.isAdmitted) connected = [...connected.filter(({ peer }) => peer !== answer.drop), one]
        }
        for (const changes of start) join(applicant(changes))
        const before = connected
        for (let i = 0; i < crowd; i++) join(applicant())
        const strangers = connected.filter(({ isReserved }) => !isReserved)
        expect(strangers.length).toBeLessThanOrEqual(ROOM.maxPeers)
        const kept = new Set(connected.map(({ peer }) => peer))
        for (const { peer, isReserved, score } of before) if (isReserved || score === 0) expect(kept).toContain(peer)
        const dialled = (among: readonly OpenConnection[]) => among.filter(({ isOutbound }) => isOutbound).length
        expect(dialled(connected)).toBeGreaterThanOrEqual(Math.min(outboundMinimum(ROOM), dialled(before)))
      }),
    )
  })
})

describe('dialling', () => {
  const candidate = (changes: Partial<DialCandidate> = {}): DialCandidate => ({
    peer: `candidate ${peers++}`,
    address: `172.${peers}.0.1`,
    failures: 0,
    lastTriedMs: 0,
    ...changes,
  })
  const context = { nowMs: 1e9, isBanned: () => false }

  it('wants a third of the places, however many came by themselves', () => {
    const room = { maxPeers: 30, maxPeersPerAddress: 4 }
    expect([1, 2, 3, 6, 30, 50].map((maxPeers) => outboundMinimum({ ...room, maxPeers }))).toEqual([1, 1, 1, 2, 10, 17])
    expect(dialsWanted([], 0, room)).toBe(10)
    expect(dialsWanted([], 4, room)).toBe(6)
    expect(dialsWanted(inbound(25), 0, room)).toBe(5)
    expect(dialsWanted(inbound(30), 0, room)).toBe(1)
    expect(dialsWanted([...inbound(20), ...outbound(10)], 0, room)).toBe(0)
    expect(dialsWanted([], 0, { ...room, maxPeers: 3_000 })).toBe(MAX_DIALLING)
  })

  it('spreads over networks, counting those it is connected to', () => {
    const crowd = Array.from({ length: 50 }, (_, i) => candidate({ address: `192.0.2.${i}` }))
    const others = [candidate(), candidate()]
    const connected = [open({ address: '198.51.100.1', isOutbound: true })]
    const neighbour = candidate({ address: '198.51.9.9' })
    const chosen = nextDials([...crowd, neighbour, ...others], connected, 4, context)
    expect(new Set(chosen.map(({ address }) => groupOf(address))).size).toBe(3)
    expect(
      chosen
        .slice(0, 3)
        .map(({ peer }) => peer)
        .toSorted(),
    ).toEqual([crowd[0]!, ...others].map(({ peer }) => peer).toSorted())
  })

  it('leaves out who is connected, banned or in backoff, and takes first who failed least', () => {
    const connected = open()
    const late = candidate({ failures: 3, lastTriedMs: context.nowMs - 20_000 })
    const soon = candidate({ failures: 3, lastTriedMs: context.nowMs - 19_999 })
    const banned = candidate()
    const fresh = candidate({ lastTriedMs: 5 })
    const fresher = candidate({ lastTriedMs: 3 })
    const all = [candidate({ peer: connected.peer }), late, soon, banned, fresh, fresher]
    const isBanned = (peer: string) => peer === banned.peer
    const chosen = nextDials(all, [connected], 10, { ...context, isBanned })
    expect(chosen).toEqual([fresher, fresh, late])
  })

  it('waits twice as long after each failure, up to a bound, half of it by chance', () => {
    const waits = (backoff: typeof PERSISTENT_BACKOFF, random: number) =>
      [0, 1, 2, 3, 4, 5, 60, 2_000].map((failures) => redialDelayMs(failures, backoff, random))
    expect(waits(PERSISTENT_BACKOFF, 1)).toEqual([0, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000])
    expect(waits(PERSISTENT_BACKOFF, 0)).toEqual([0, 250, 500, 1_000, 2_000, 2_000, 2_000, 2_000])
    expect(redialDelayMs(2_000, CANDIDATE_BACKOFF, 1)).toBe(30 * 60_000)
  })
})
