import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Delegation, Validator } from '../state/tables.ts'
import { accrueReward, claimableRewardWei, settle } from './accrual.ts'
import { newValidator } from './new-validator.ts'

const validatorWith = (changes: Partial<Validator>): Validator => ({
  ...newValidator(new Uint8Array(48), 0),
  ...changes,
})

describe('accrual', () => {
  it('gives the commission to the owner and the rest to the shares', () => {
    const validator = accrueReward(validatorWith({ tokens: 300n, shares: 300n, commissionBps: 1_000 }), 101n)
    expect(validator.rewardPot).toBe(101n)
    expect(validator.commissionAccrued).toBe(10n)
    expect(claimableRewardWei(validator, { shares: 100n, rewardIndex: 0n, accrued: 0n })).toBe(30n)
    expect(claimableRewardWei(validator, { shares: 300n, rewardIndex: 0n, accrued: 5n })).toBe(95n)
  })

  it('gives everything to the owner while nobody holds shares', () => {
    const validator = accrueReward(validatorWith({ commissionBps: 100 }), 7n)
    expect(validator).toMatchObject({ rewardPot: 7n, commissionAccrued: 7n, rewardPerShare: 0n })
  })

  it('keeps the remainder of a division for the next reward', () => {
    let validator = validatorWith({ tokens: 3n, shares: 3n })
    for (let i = 0; i < 3; i++) validator = accrueReward(validator, 1n)
    expect(claimableRewardWei(validator, { shares: 1n, rewardIndex: 0n, accrued: 0n })).toBe(1n)
  })

  it('refuses a negative reward', () => {
    expect(() => accrueReward(validatorWith({}), -1n)).toThrow('negative')
  })

  // Positions earn by an exact fraction here, and by the accumulator there.
  const step = fc.oneof(
    fc.record({ reward: fc.bigInt(0n, 10n ** 20n) }),
    fc.record({ position: fc.nat(2), shares: fc.bigInt(0n, 10n ** 22n) }),
  )

  it('agrees with the exact fractions: never more in all than accrued, never a wei less a settlement', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let validator = validatorWith({ tokens: 1n, shares: 1n })
        const positions: Delegation[] = [1n, 0n, 0n].map((shares) => ({ shares, rewardIndex: 0n, accrued: 0n }))
        const exact = positions.map(() => ({ num: 0n, den: 1n }))
        const settlements = [1n, 1n, 1n]
        let accruedWei = 0n
        for (const entry of steps) {
          if ('reward' in entry) {
            accruedWei += entry.reward
            if (validator.shares > 0n) {
              for (const [i, part] of exact.entries()) {
                part.num = part.num * validator.shares + entry.reward * positions[i]!.shares * part.den
                part.den *= validator.shares
              }
            }
            validator = accrueReward(validator, entry.reward)
          } else {
            const settled = settle(validator, positions[entry.position]!)
            positions[entry.position] = { ...settled, shares: entry.shares }
            settlements[entry.position]!++
            validator = { ...validator, shares: validator.shares + entry.shares - settled.shares }
          }
        }
        let claimable = validator.commissionAccrued
        for (const [i, { num, den }] of exact.entries()) {
          const wei = claimableRewardWei(validator, positions[i]!)
          claimable += wei
          // Remainders carried to later holders move less than 2^-20 wei.
          expect((wei * den - num) * 2n ** 20n).toBeLessThanOrEqual(den)
          expect(num - wei * den).toBeLessThan((settlements[i]! + 1n) * den)
        }
        expect(validator.rewardPot).toBe(accruedWei)
        expect(claimable).toBeLessThanOrEqual(validator.rewardPot)
      }),
    )
  })
})
