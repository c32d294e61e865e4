import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deposit,
  isWipedOut,
  type SharePool,
  sharesForDeposit,
  sharesForWithdrawal,
  weiOfShares,
  withdraw,
} from './shares.ts'

const EMPTY: SharePool = { tokens: 0n, shares: 0n }

describe('share pools', () => {
  it('starts at one share a wei', () => {
    expect(deposit(EMPTY, 77n)).toEqual({ pool: { tokens: 77n, shares: 77n }, shares: 77n })
  })

  it('prices a deposit after slashing at the lower value of a share', () => {
    expect(sharesForDeposit({ tokens: 50n, shares: 100n }, 10n)).toBe(20n)
  })

  it('refuses to price a pool that was slashed to nothing', () => {
    const wiped = { tokens: 0n, shares: 5n }
    expect(isWipedOut(wiped)).toBe(true)
    expect(isWipedOut(EMPTY)).toBe(false)
    expect(() => sharesForDeposit(wiped, 1n)).toThrow('cannot price')
    expect(() => sharesForWithdrawal(wiped, 1n)).toThrow('cannot price')
  })

  it('refuses to take out more shares than there are', () => {
    expect(() => withdraw({ tokens: 5n, shares: 5n }, 6n)).toThrow('more shares')
    expect(() => withdraw({ tokens: 5n, shares: 5n }, 0n)).toThrow('more shares')
  })

  const slashedPool = fc
    .tuple(fc.bigInt(1n, 10n ** 24n), fc.bigInt(0n, 10n ** 24n))
    .map(([tokens, lost]): SharePool => ({ tokens, shares: tokens + lost }))

  it('gives exactly the amount asked for, whatever was slashed', () => {
    fc.assert(
      fc.property(slashedPool, fc.bigInt(1n, 10n ** 24n), (pool, wanted) => {
        const amountWei = 1n + (wanted % pool.tokens)
        const shares = sharesForWithdrawal(pool, amountWei)
        expect(shares).toBeLessThanOrEqual(pool.shares)
        expect(withdraw(pool, shares).amountWei).toBe(amountWei)
      }),
    )
  })

  it('gives back at most what was put in, and misses less than the price of a share plus a wei', () => {
    fc.assert(
      fc.property(slashedPool, fc.bigInt(1n, 10n ** 24n), (pool, amountWei) => {
        const entered = deposit(pool, amountWei)
        expect(entered.shares).toBeGreaterThanOrEqual(amountWei)
        const back = weiOfShares(entered.pool, entered.shares)
        expect(back).toBeLessThanOrEqual(amountWei)
        expect(amountWei - back).toBeLessThanOrEqual(2n)
      }),
    )
  })

  it('never lets a share be worth more than a wei, and the last one out takes all', () => {
    const movement = fc.record({ put: fc.boolean(), size: fc.bigInt(1n, 1_000n), slashBps: fc.bigInt(0n, 3_000n) })
    fc.assert(
      fc.property(fc.array(movement, { maxLength: 40 }), (movements) => {
        let pool = deposit(EMPTY, 10n).pool
        for (const { put, size, slashBps } of movements) {
          if (put) pool = deposit(pool, size).pool
          else if (pool.shares > size) pool = withdraw(pool, size).pool
          pool = { ...pool, tokens: pool.tokens - (pool.tokens * slashBps) / 10_000n }
          expect(pool.tokens).toBeLessThanOrEqual(pool.shares)
          expect(pool.tokens).toBeGreaterThan(0n)
        }
        expect(withdraw(pool, pool.shares)).toEqual({ pool: EMPTY, amountWei: pool.tokens })
      }),
    )
  })
})
