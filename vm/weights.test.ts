import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaderWeights } from './weights.ts'

describe('leader weights', () => {
  it('is stake alone in an epoch without work', () => {
    const stakesWei = [3n, 5n]
    expect(leaderWeights({ stakesWei, workMacs: [0n, 0n], totalWorkMacs: 0n, kappaBps: 5_000 })).toEqual(stakesWei)
  })

  it('mixes stake and work half and half', () => {
    // 3/4 of the stake without work against 1/4 of the stake with all of it: 3/8 and 5/8.
    expect(leaderWeights({ stakesWei: [3n, 1n], workMacs: [0n, 8n], totalWorkMacs: 8n, kappaBps: 5_000 })).toEqual([
      5_000n * 3n * 8n,
      5_000n * 1n * 8n + 5_000n * 8n * 4n,
    ])
  })

  it('spreads unclaimed work by stake', () => {
    const [a, b] = leaderWeights({ stakesWei: [3n, 1n], workMacs: [0n, 0n], totalWorkMacs: 7n, kappaBps: 10_000 })
    expect(a! / b!).toBe(3n)
  })

  it('refuses more work for members than there was', () => {
    expect(() => leaderWeights({ stakesWei: [1n], workMacs: [2n], totalWorkMacs: 1n, kappaBps: 1 })).toThrow(
      'more work',
    )
  })

  it('agrees with the share of a naive rational computation', () => {
    const member = fc.record({ stake: fc.bigInt(1n, 10n ** 27n), work: fc.bigInt(0n, 2n ** 60n) })
    const members = fc.array(member, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(members, fc.bigInt(0n, 2n ** 60n), fc.nat(10_000), (set, extraWork, kappaBps) => {
        const stakesWei = set.map((m) => m.stake)
        const workMacs = set.map((m) => m.work)
        const credited = workMacs.reduce((a, b) => a + b, 0n)
        const totalWorkMacs = credited + extraWork
        fc.pre(totalWorkMacs > 0n)
        const weights = leaderWeights({ stakesWei, workMacs, totalWorkMacs, kappaBps })
        const S = stakesWei.reduce((a, b) => a + b, 0n)
        const sum = weights.reduce((a, b) => a + b, 0n)
        expect(sum).toBe(10_000n * S * totalWorkMacs)
        for (const [i, weight] of weights.entries()) {
          // (1 - k) * s/S + k * (m + u * s/S) / W, each as a fraction, brought to one denominator step by step.
          const k = BigInt(kappaBps)
          const byStake = { num: (10_000n - k) * stakesWei[i]!, den: 10_000n * S }
          const byWork = { num: k * (workMacs[i]! * S + extraWork * stakesWei[i]!), den: 10_000n * S * totalWorkMacs }
          const probability = {
            num: byStake.num * byWork.den + byWork.num * byStake.den,
            den: byStake.den * byWork.den,
          }
          expect(weight * probability.den).toBe(probability.num * sum)
        }
      }),
    )
  })
})
