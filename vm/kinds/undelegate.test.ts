import { describe, expect, it } from 'vitest'
import { account, TestChain } from '../staking/fixtures.ts'
import { delegations, unbondingPools, validators } from '../state/tables.ts'

const from = (shares: bigint, validator = 0) => ({ kind: 'UNDELEGATE', validator: account(validator), shares }) as const

function chainOf(): TestChain {
  const chain = new TestChain({ stakes: [5_000n] })
  chain.send(3, { kind: 'DELEGATE', validator: account(0), amount: 700n })
  return chain
}

describe('UNDELEGATE', () => {
  it('moves what the shares are worth into the unbonding pool', () => {
    const chain = chainOf()
    expect(chain.send(3, from(200n))).toBe('done')
    expect(chain.validator(0)).toMatchObject({ tokens: 5_500n, shares: 5_500n })
    expect(chain.read(unbondingPools, { validator: account(0), epoch: 0 })).toEqual({ tokens: 200n, shares: 200n })
    expect(chain.read(delegations, { validator: account(0), delegator: account(3) })?.shares).toBe(500n)
  })

  it('leaves the record while rewards are unclaimed, and none after', () => {
    const chain = chainOf()
    chain.endBlock()
    const key = { validator: account(0), delegator: account(3) }
    expect(chain.send(3, from(700n))).toBe('done')
    expect(chain.read(delegations, key)).toMatchObject({ shares: 0n })
    expect(chain.send(3, { kind: 'CLAIM', positions: [{ validator: account(0) }] })).toBe('done')
    expect(chain.read(delegations, key)).toBeUndefined()
  })

  it('refuses, each with its own code', () => {
    const chain = chainOf()
    expect(chain.send(3, from(0n))).toBe('AMOUNT_ZERO')
    expect(chain.send(3, from(1n, 5))).toBe('VALIDATOR_UNKNOWN')
    expect(chain.send(4, from(1n))).toBe('DELEGATION_UNKNOWN')
    expect(chain.send(3, from(701n))).toBe('SHARES_INSUFFICIENT')
    chain.change((state) => {
      state.set(validators, account(0), { ...chain.validator(0), tokens: 2_850n })
      state.burn(2_850n)
    })
    expect(chain.send(3, from(1n))).toBe('AMOUNT_ZERO')
    expect(chain.send(3, from(2n))).toBe('done')
  })
})
