import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { account, TestChain } from '../staking/fixtures.ts'
import { validators } from '../state/tables.ts'

const ABOUT = {
  kind: 'UPDATE_VALIDATOR',
  name: 'mill',
  website: 'https://mill.example',
  description: 'grinds',
  commissionBps: 0,
  openToWorkers: true,
} as const

const chainOf = () => new TestChain({ stakes: [5_000n] })

describe('UPDATE_VALIDATOR', () => {
  it('sets every field of the sender, and only those', () => {
    const chain = chainOf()
    const before = chain.validator(0)
    expect(chain.send(0, ABOUT)).toBe('done')
    const { kind: _, ...fields } = ABOUT
    expect(chain.validator(0)).toEqual({ ...before, ...fields })
  })

  it('changes the commission once an epoch, one step at a time, up and down, under the cap', () => {
    const chain = chainOf()
    chain.toEpoch(1)
    expect(chain.send(0, { ...ABOUT, commissionBps: 501 })).toBe('COMMISSION_STEP')
    expect(chain.send(0, { ...ABOUT, commissionBps: 500 })).toBe('done')
    expect(chain.send(0, { ...ABOUT, commissionBps: 600 })).toBe('COMMISSION_STEP')
    // The rest may change as often as one likes.
    expect(chain.send(0, { ...ABOUT, commissionBps: 500, name: 'quern' })).toBe('done')
    for (const commissionBps of [1_000, 1_500, 2_000]) {
      chain.toEpoch(chain.epoch + 1)
      expect(chain.send(0, { ...ABOUT, commissionBps })).toBe('done')
    }
    chain.toEpoch(chain.epoch + 1)
    expect(chain.send(0, { ...ABOUT, commissionBps: 2_001 })).toBe('COMMISSION_OVER_CAP')
    expect(chain.send(0, { ...ABOUT, commissionBps: 1_499 })).toBe('COMMISSION_STEP')
    expect(chain.send(0, { ...ABOUT, commissionBps: 1_500 })).toBe('done')
    expect(chain.validator(0)).toMatchObject({ commissionBps: 1_500, commissionEpoch: chain.epoch })
  })

  it('refuses a commission in the epoch of registration, a stranger and a tombstoned validator', () => {
    const chain = chainOf()
    expect(chain.send(0, { ...ABOUT, commissionBps: 1 })).toBe('COMMISSION_STEP')
    expect(chain.send(3, ABOUT)).toBe('VALIDATOR_UNKNOWN')
    chain.change((state) => state.set(validators, account(0), { ...chain.validator(0), tombstoned: true }))
    expect(chain.send(0, ABOUT)).toBe('VALIDATOR_TOMBSTONED')
  })

  it('C4: whatever text fits is read back as it was, in every later block', () => {
    const text = (maxBytes: number) =>
      fc.string({ unit: 'binary', maxLength: 64 }).filter((s) => utf8(s).length <= maxBytes)
    fc.assert(
      fc.property(text(64), text(128), text(256), (name, website, description) => {
        const chain = chainOf()
        expect(chain.send(0, { ...ABOUT, name, website, description })).toBe('done')
        expect(chain.validator(0)).toMatchObject({ name, website, description })
        chain.toEpoch(1)
        expect(chain.validator(0)).toMatchObject({ name, website, description })
      }),
      { numRuns: 30 },
    )
  })
})
