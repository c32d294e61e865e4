import { describe, expect, it } from 'vitest'
import { account, TestChain } from '../staking/fixtures.ts'
import { type Validator, validators } from '../state/tables.ts'

function chainWith(changes: Partial<Validator>): TestChain {
  const chain = new TestChain({ stakes: [5_000n, 5_000n] })
  chain.change((state) => state.set(validators, account(0), { ...chain.validator(0), ...changes }))
  return chain
}

describe('UNJAIL', () => {
  it('frees the sender from the epoch named in its record on, not before', () => {
    const chain = chainWith({ jailedUntilEpoch: 2 })
    expect(chain.send(0, { kind: 'UNJAIL' })).toBe('VALIDATOR_STILL_JAILED')
    chain.toEpoch(1)
    expect(chain.send(0, { kind: 'UNJAIL' })).toBe('VALIDATOR_STILL_JAILED')
    chain.toEpoch(2)
    expect(chain.send(0, { kind: 'UNJAIL' })).toBe('done')
    expect(chain.validator(0).jailedUntilEpoch).toBe(0)
  })

  it('refuses strangers, the free and the tombstoned', () => {
    expect(chainWith({}).send(5, { kind: 'UNJAIL' })).toBe('VALIDATOR_UNKNOWN')
    expect(chainWith({}).send(0, { kind: 'UNJAIL' })).toBe('VALIDATOR_NOT_JAILED')
    expect(chainWith({ jailedUntilEpoch: 1, tombstoned: true }).send(0, { kind: 'UNJAIL' })).toBe(
      'VALIDATOR_TOMBSTONED',
    )
  })
})
