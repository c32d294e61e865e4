import { describe, expect, it } from 'vitest'
import { account, TestChain } from '../staking/fixtures.ts'
import { accounts, delegations, unbondingPools, unbondingPositions, validators } from '../state/tables.ts'

const chainOf = () => new TestChain({ stakes: [5_000n, 3_000n] })

describe('UNSTAKE', () => {
  it('moves the amount into the unbonding pool of the epoch, not into the balance', () => {
    const chain = chainOf()
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 2_000n })).toBe('done')
    expect(chain.validator(0)).toMatchObject({ tokens: 3_000n, shares: 3_000n })
    const key = { validator: account(0), epoch: 0, owner: account(0) }
    expect(chain.read(unbondingPools, key)).toEqual({ tokens: 2_000n, shares: 2_000n })
    expect(chain.read(unbondingPositions, key)).toBe(2_000n)
    expect(chain.read(accounts, account(0))?.balance).toBe(100_000n)
  })

  it('takes out everything and leaves no delegation behind', () => {
    const chain = chainOf()
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 5_000n })).toBe('done')
    expect(chain.validator(0)).toMatchObject({ tokens: 0n, shares: 0n })
    expect(chain.read(delegations, { validator: account(0), delegator: account(0) })).toBeUndefined()
    expect(chain.send(0, { kind: 'STAKE', amount: 7n })).toBe('done')
  })

  it('unbonds exactly the amount after slashing too', () => {
    const chain = chainOf()
    chain.change((state) => {
      state.set(validators, account(0), { ...chain.validator(0), tokens: 4_777n })
      state.burn(223n)
    })
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 333n })).toBe('done')
    expect(chain.read(unbondingPools, { validator: account(0), epoch: 0 })?.tokens).toBe(333n)
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 4_445n })).toBe('STAKE_INSUFFICIENT')
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 4_444n })).toBe('done')
  })

  it('refuses, each with its own code', () => {
    const chain = chainOf()
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 0n })).toBe('AMOUNT_ZERO')
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 5_001n })).toBe('STAKE_INSUFFICIENT')
    expect(chain.send(5, { kind: 'UNSTAKE', amount: 1n })).toBe('VALIDATOR_UNKNOWN')
  })

  it("C1: nobody reaches another's validator, nor its delegators' stake", () => {
    const chain = chainOf()
    chain.send(5, { kind: 'DELEGATE', validator: account(0), amount: 1_000n })
    // A delegator is not the owner, and the owner's stake ends where the delegations begin.
    expect(chain.send(5, { kind: 'UNSTAKE', amount: 1n })).toBe('VALIDATOR_UNKNOWN')
    expect(chain.send(1, { kind: 'UNSTAKE', amount: 3_001n })).toBe('STAKE_INSUFFICIENT')
    expect(chain.send(0, { kind: 'UNSTAKE', amount: 5_001n })).toBe('STAKE_INSUFFICIENT')
    expect(chain.validator(0).tokens).toBe(6_000n)
  })
})
