import { describe, expect, it } from 'vitest'
import { account, TestChain } from '../staking/fixtures.ts'
import { accounts, candidates, delegations, validators } from '../state/tables.ts'

const chainOf = () => new TestChain({ stakes: [5_000n] })
const to = (amount: bigint, validator = 0) => ({ kind: 'DELEGATE', validator: account(validator), amount }) as const

describe('DELEGATE', () => {
  it('bonds the amount and moves the candidate', () => {
    const chain = chainOf()
    expect(chain.send(3, to(700n))).toBe('done')
    expect(chain.validator(0)).toMatchObject({ tokens: 5_700n, shares: 5_700n })
    expect(chain.read(delegations, { validator: account(0), delegator: account(3) })?.shares).toBe(700n)
    expect(chain.read(accounts, account(3))?.balance).toBe(99_300n)
    expect(chain.read(candidates, undefined)).toEqual([{ owner: account(0), tokens: 5_700n }])
  })

  it('settles what the position has earned before its shares grow', () => {
    // A power of two, so that the accumulator divides without a remainder.
    const chain = new TestChain({ stakes: [4_096n] })
    chain.send(3, to(4_096n))
    chain.endBlock()
    const before = chain.validator(0).rewardPot
    chain.send(3, to(4_096n))
    const { accrued } = chain.read(delegations, { validator: account(0), delegator: account(3) }) ?? {}
    expect(accrued).toBe(before / 2n)
  })

  it('buys more shares after slashing, for the same value', () => {
    const chain = chainOf()
    chain.change((state) => {
      state.set(validators, account(0), { ...chain.validator(0), tokens: 2_500n })
      state.burn(2_500n)
    })
    expect(chain.send(3, to(100n))).toBe('done')
    expect(chain.read(delegations, { validator: account(0), delegator: account(3) })?.shares).toBe(200n)
  })

  it('refuses, each with its own code', () => {
    const chain = chainOf()
    expect(chain.send(3, to(0n))).toBe('AMOUNT_ZERO')
    expect(chain.send(3, to(9n))).toBe('DELEGATION_TOO_SMALL')
    expect(chain.send(3, to(10n, 3))).toBe('VALIDATOR_UNKNOWN')
    expect(chain.send(3, to(100_001n))).toBe('INSUFFICIENT_BALANCE')
    const record = chain.validator(0)
    chain.change((state) => state.set(validators, account(0), { ...record, tombstoned: true }))
    expect(chain.send(3, to(10n))).toBe('VALIDATOR_TOMBSTONED')
    chain.change((state) => {
      state.set(validators, account(0), { ...record, tokens: 0n })
      state.burn(record.tokens)
    })
    expect(chain.send(3, to(10n))).toBe('VALIDATOR_WIPED_OUT')
  })
})
