import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RateLimit, RateLimiter, type RateVerdict } from './rate-limit.ts'

const LIMIT: RateLimit = { perPeer: { units: 4, perMs: 1_000 }, total: { units: 10, perMs: 1_000 } }

function limiter(limit = LIMIT) {
  const clock = { nowMs: 5_000 }
  return { clock, rates: new RateLimiter({ ...limit, nowMs: () => clock.nowMs }) }
}

describe('rate limiter', () => {
  // Waited, peer, units, verdict.
  const STEPS: readonly (readonly [number, string, number, RateVerdict])[] = [
    [0, 'a', 4, 'ok'],
    [0, 'a', 1, 'over-peer'],
    [0, 'b', 3, 'ok'],
    [249, 'a', 1, 'over-peer'],
    [1, 'a', 1, 'ok'],
    [0, 'a', 1, 'over-peer'],
    [0, 'b', 2, 'ok'],
    [0, 'c', 3, 'over-total'],
    [0, 'c', 2, 'ok'],
    [0, 'd', 1, 'over-total'],
    [1_000, 'a', 4, 'ok'],
    [0, 'c', 4, 'ok'],
    [0, 'c', 4, 'over-peer'],
    [0, 'c', 1, 'flood'],
    [249, 'c', 1, 'flood'],
    [1, 'c', 1, 'ok'],
    [0, 'c', 1, 'over-peer'],
    [0, 'c', 1, 'flood'],
    [0, 'd', 5, 'flood'],
  ]

  it('gives a whole bucket at once and then as it refills, to each peer and to all together', () => {
    const { clock, rates } = limiter()
    for (const [waitMs, peer, units, verdict] of STEPS) {
      clock.nowMs += waitMs
      expect(rates.take(peer, units), `${clock.nowMs} ${peer} ${units}`).toBe(verdict)
    }
  })

  it('keeps the debt of a peer that left, and no memory of one without', () => {
    const { clock, rates } = limiter()
    rates.take('a', 4)
    rates.forget('a')
    expect(rates.take('a', 1)).toBe('over-peer')
    clock.nowMs += 1_000
    rates.forget('a')
    expect(rates.size).toBe(0)
    expect(rates.take('a', 4)).toBe('ok')
  })

  it('does not lock a peer out when the clock steps back', () => {
    const { clock, rates } = limiter()
    rates.take('a', 4)
    clock.nowMs -= 4_000
    expect(rates.take('a', 1)).toBe('over-peer')
    clock.nowMs += 250
    expect(rates.take('a', 1)).toBe('ok')
  })

  it('remembers a bounded number of peers', () => {
    const { clock, rates } = limiter({ perPeer: LIMIT.perPeer, total: { units: 1e6, perMs: 1_000 } })
    for (let i = 0; i < 5_000; i++) {
      clock.nowMs += i % 3
      rates.take(`peer ${i}`, 1)
    }
    expect(rates.size).toBeLessThanOrEqual(1_024)
  })

  it('takes twice the rate for haste and more for a flood, however long it lasts', () => {
    const verdictsAt = (perSecond: number) => {
      const { clock, rates } = limiter()
      const verdicts = new Set<RateVerdict>()
      for (let i = 0; i < 60 * perSecond; i++) {
        verdicts.add(rates.take('a', 1))
        clock.nowMs += 1_000 / perSecond
      }
      return [...verdicts]
    }
    expect(verdictsAt(4)).toEqual(['ok'])
    expect(verdictsAt(8)).toEqual(['ok', 'over-peer'])
    expect(verdictsAt(9)).toEqual(['ok', 'over-peer', 'flood'])
  })

  it('never lets through more than a bucket and what refilled, in any window', () => {
    const step = fc.record({
      waitMs: fc.nat(400),
      peer: fc.constantFrom('a', 'b', 'c'),
      units: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, rates } = limiter()
        const taken: { readonly atMs: number; readonly peer: string; readonly units: number }[] = []
        for (const { waitMs, peer, units } of steps) {
          clock.nowMs += waitMs
          if (rates.take(peer, units) === 'ok') taken.push({ atMs: clock.nowMs, peer, units })
        }
        const most = ({ units, perMs }: { units: number; perMs: number }, ms: number) => units + (units * ms) / perMs
        for (const [first, { atMs, peer }] of taken.entries()) {
          for (const { atMs: endMs } of taken.slice(first)) {
            const within = taken.slice(first).filter((t) => t.atMs <= endMs)
            const sum = (among: typeof taken) => among.reduce((units, t) => units + t.units, 0)
            expect(sum(within)).toBeLessThanOrEqual(most(LIMIT.total, endMs - atMs) + 1e-6)
            const own = sum(within.filter((t) => t.peer === peer))
            expect(own).toBeLessThanOrEqual(most(LIMIT.perPeer, endMs - atMs) + 1e-6)
          }
        }
      }),
    )
  })
})
