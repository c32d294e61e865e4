import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candidates, delegations, supply, unbondingPools } from '../state/tables.ts'
import { account, TestChain } from './fixtures.ts'
import { weiOfShares } from './shares.ts'
import { slash } from './slash.ts'

function slashed(chain: TestChain, bps: number): bigint {
  let burned = 0n
  chain.change((state) => {
    burned = slash(state, account(0), bps, chain.epoch, chain.rules.params)
  })
  return burned
}

describe('slash', () => {
  it('burns the same part of the bond and of every pool that has not matured', () => {
    const chain = new TestChain({ stakes: [10_000n] })
    for (const epoch of [0, 1, 2, 3]) {
      chain.toEpoch(epoch)
      chain.send(0, { kind: 'UNSTAKE', amount: 1_000n })
    }
    expect(slashed(chain, 500)).toBe(300n + 150n)
    // unbondingEpochs is 3: in epoch 3 the pool of epoch 0 is free.
    const pools = [0, 1, 2, 3].map((epoch) => chain.read(unbondingPools, { validator: account(0), epoch })?.tokens)
    expect(pools).toEqual([1_000n, 950n, 950n, 950n])
    expect(chain.validator(0).tokens).toBe(5_700n)
    expect(chain.read(candidates, undefined)).toEqual([{ owner: account(0), tokens: 5_700n }])
    expect(chain.read(supply, undefined)?.burned).toBe(450n)
  })

  it('burns nothing at 0 and everything at 10,000 basis points', () => {
    const chain = new TestChain({ stakes: [10_000n] })
    chain.send(0, { kind: 'UNSTAKE', amount: 1_000n })
    expect(slashed(chain, 0)).toBe(0n)
    expect(slashed(chain, 10_000)).toBe(10_000n)
    expect(chain.read(candidates, undefined)).toEqual([])
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 1n })).toBe('STAKE_INSUFFICIENT')
    chain.toEpoch(3)
    expect(chain.send(0, { kind: 'CLAIM', positions: [{ validator: account(0), epoch: 0 }] })).toBe('done')
  })

  it('reaches owner, delegators and those who are leaving in proportion, to the wei that rounding takes', () => {
    const amounts = fc.array(fc.bigInt(10n, 50_000n), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 9_999 }), fc.bigInt(1n, 10n), (stakes, bps, leaving) => {
        const chain = new TestChain({ stakes: [5_000n] })
        for (const [i, amount] of stakes.entries())
          chain.send(i + 1, { kind: 'DELEGATE', validator: account(0), amount })
        chain.send(1, { kind: 'UNDELEGATE', validator: account(0), shares: leaving })
        slashed(chain, bps)
        const bond = chain.validator(0)
        for (const [i, amount] of [5_000n, ...stakes].entries()) {
          const delegation = chain.read(delegations, { validator: account(0), delegator: account(i) })
          const bonded = amount - (i === 1 ? leaving : 0n)
          const left = weiOfShares(bond, delegation?.shares ?? 0n)
          const fair = (bonded * BigInt(10_000 - bps)) / 10_000n
          expect(left - fair).toBeGreaterThanOrEqual(0n)
          expect(left - fair).toBeLessThanOrEqual(1n)
        }
        const pool = chain.read(unbondingPools, { validator: account(0), epoch: 0 })
        expect(pool?.tokens).toBe(leaving - (leaving * BigInt(bps)) / 10_000n)
      }),
      { numRuns: 50 },
    )
  })
})
