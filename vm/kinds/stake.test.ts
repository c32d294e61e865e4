import { describe, expect, it } from 'vitest'
import { account, blsKey, registrationOf, TestChain } from '../staking/fixtures.ts'
import { accounts, candidates, delegations, validatorKeys, validators } from '../state/tables.ts'

const chainOf = (params = {}) => new TestChain({ stakes: [5_000n], params }, true)

describe('STAKE', () => {
  it('registers a validator with its own delegation, key and place on the list', () => {
    const chain = chainOf()
    expect(chain.send(3, { kind: 'STAKE', amount: 1_000n, registration: registrationOf(3, account(3)) })).toBe('done')
    expect(chain.validator(3)).toMatchObject({
      tokens: 1_000n,
      shares: 1_000n,
      blsPublicKey: blsKey(3),
      commissionBps: 0,
    })
    expect(chain.read(validatorKeys, blsKey(3))).toEqual(account(3))
    expect(chain.read(delegations, { validator: account(3), delegator: account(3) })?.shares).toBe(1_000n)
    expect(chain.read(accounts, account(3))?.balance).toBe(99_000n)
    expect(chain.read(candidates, undefined)).toEqual([
      { owner: account(0), tokens: 5_000n },
      { owner: account(3), tokens: 1_000n },
    ])
  })

  it('adds to the own stake without a key, any amount', () => {
    const chain = chainOf()
    expect(chain.send(0, { kind: 'STAKE', amount: 1n })).toBe('done')
    expect(chain.validator(0).tokens).toBe(5_001n)
  })

  it('refuses, each with its own code', () => {
    const chain = chainOf()
    const registration = registrationOf(3, account(3))
    expect(chain.send(3, { kind: 'STAKE', amount: 0n, registration })).toBe('AMOUNT_ZERO')
    expect(chain.send(3, { kind: 'STAKE', amount: 100_001n, registration })).toBe('INSUFFICIENT_BALANCE')
    expect(chain.send(3, { kind: 'STAKE', amount: 999n, registration })).toBe('STAKE_TOO_SMALL')
    expect(chain.send(3, { kind: 'STAKE', amount: 1_000n })).toBe('BLS_KEY_MISSING')
    expect(chain.send(0, { kind: 'STAKE', amount: 1_000n, registration })).toBe('VALIDATOR_EXISTS')
    chain.change((state) => state.set(validators, account(0), { ...chain.validator(0), tombstoned: true }))
    expect(chain.send(0, { kind: 'STAKE', amount: 1_000n })).toBe('VALIDATOR_TOMBSTONED')
  })

  it('refuses a validator that was slashed to nothing', () => {
    const chain = new TestChain({ stakes: [5_000n] })
    chain.change((state) => {
      state.set(validators, account(0), { ...chain.validator(0), tokens: 0n })
      state.burn(5_000n)
    })
    expect(chain.send(0, { kind: 'STAKE', amount: 1_000n })).toBe('VALIDATOR_WIPED_OUT')
  })

  it("C15: refuses another's key, a proof copied from another owner, and one of another chain", () => {
    const chain = chainOf()
    const stolen = { ...registrationOf(3, account(3)), blsPublicKey: blsKey(0) }
    expect(chain.send(3, { kind: 'STAKE', amount: 1_000n, registration: stolen })).toBe('BLS_KEY_IN_USE')
    const copied = registrationOf(4, account(4))
    expect(chain.send(3, { kind: 'STAKE', amount: 1_000n, registration: copied })).toBe('PROOF_OF_POSSESSION_INVALID')
    const foreign = registrationOf(3, account(3), 1)
    expect(chain.send(3, { kind: 'STAKE', amount: 1_000n, registration: foreign })).toBe('PROOF_OF_POSSESSION_INVALID')
    // The rightful owner is not locked out by the attempts.
    expect(chain.send(4, { kind: 'STAKE', amount: 1_000n, registration: copied })).toBe('done')
  })
})
