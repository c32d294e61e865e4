import { describe, expect, it } from 'vitest'
import { account, TestChain } from '../staking/fixtures.ts'
import { accounts, unbondingPools, unbondingPositions, validators } from '../state/tables.ts'

const rewardAt = (validator: number) => ({ validator: account(validator) })
const unbondingAt = (validator: number, epoch: number) => ({ validator: account(validator), epoch })
const balance = (chain: TestChain, i: number) => chain.read(accounts, account(i))?.balance ?? 0n

describe('CLAIM', () => {
  it('pays shares and commission to their owners, and no more', () => {
    // A power of two, so that the accumulator divides without a remainder.
    const chain = new TestChain({ stakes: [4_096n] })
    chain.send(3, { kind: 'DELEGATE', validator: account(0), amount: 4_096n })
    chain.change((state) => state.set(validators, account(0), { ...chain.validator(0), commissionBps: 1_000 }))
    for (let i = 0; i < 3; i++) chain.endBlock()
    const { rewardPot, commissionAccrued } = chain.validator(0)
    expect(chain.send(3, { kind: 'CLAIM', positions: [rewardAt(0)] })).toBe('done')
    expect(chain.send(0, { kind: 'CLAIM', positions: [rewardAt(0)] })).toBe('done')
    const shares = (rewardPot - commissionAccrued) / 2n
    expect(balance(chain, 3)).toBe(95_904n + shares)
    expect(balance(chain, 0)).toBe(100_000n + shares + commissionAccrued)
    expect(chain.validator(0)).toMatchObject({ commissionAccrued: 0n })
    expect(chain.validator(0).rewardPot).toBeLessThan(2n)
    expect(chain.send(0, { kind: 'CLAIM', positions: [rewardAt(0)] })).toBe('CLAIM_NOTHING')
  })

  it('pays unbonding in the epoch it matures, once, even when named twice', () => {
    const chain = new TestChain({ stakes: [5_000n] })
    chain.send(0, { kind: 'UNSTAKE', amount: 400n })
    chain.toEpoch(2)
    const positions = [unbondingAt(0, 0), unbondingAt(0, 0)]
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('CLAIM_NOT_MATURED')
    chain.toEpoch(3)
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('done')
    expect(balance(chain, 0)).toBe(100_400n)
    const key = { ...unbondingAt(0, 0), owner: account(0) }
    expect(chain.read(unbondingPools, key)).toBeUndefined()
    expect(chain.read(unbondingPositions, key)).toBeUndefined()
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('CLAIM_NOTHING')
  })

  it('skips positions that hold nothing beside one that does', () => {
    const chain = new TestChain({ stakes: [5_000n] })
    chain.endBlock()
    const positions = [rewardAt(6), unbondingAt(0, 7), rewardAt(0)]
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('done')
    expect(balance(chain, 0)).toBeGreaterThan(100_000n)
  })

  it('refuses when there is nothing, or nothing of the sender', () => {
    const chain = new TestChain({ stakes: [5_000n] })
    chain.send(0, { kind: 'UNSTAKE', amount: 400n })
    chain.toEpoch(3)
    expect(chain.send(0, { kind: 'CLAIM', positions: [] })).toBe('CLAIM_NOTHING')
    expect(chain.send(5, { kind: 'CLAIM', positions: [rewardAt(0), unbondingAt(0, 0)] })).toBe('CLAIM_NOTHING')
  })

  it('C3: an unbonding is paid once; claiming does not give its shares back', () => {
    const chain = new TestChain({ stakes: [5_000n] })
    chain.send(0, { kind: 'UNSTAKE', amount: 5_000n })
    chain.toEpoch(3)
    const positions = [rewardAt(0), unbondingAt(0, 0)]
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('done')
    expect(chain.send(0, { kind: 'CLAIM', positions })).toBe('CLAIM_NOTHING')
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 1n })).toBe('STAKE_INSUFFICIENT')
  })
})
