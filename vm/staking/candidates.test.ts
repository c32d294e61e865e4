import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from '../../core/bytes.ts'
import { type Candidate, MAX_CANDIDATES } from '../state/tables.ts'
import { withCandidate } from './candidates.ts'
import { account } from './fixtures.ts'

const full = Array.from({ length: MAX_CANDIDATES }, (_, i): Candidate => ({ owner: account(i + 1), tokens: 100n }))

describe('candidates', () => {
  it('keeps ascending addresses and one entry for each owner', () => {
    const list = withCandidate(withCandidate([], { owner: account(2), tokens: 5n }), { owner: account(1), tokens: 9n })
    expect(list.map((c) => c.tokens)).toEqual([9n, 5n])
    expect(withCandidate(list, { owner: account(2), tokens: 6n }).map((c) => c.tokens)).toEqual([9n, 6n])
  })

  it('drops a validator without tokens', () => {
    expect(withCandidate([{ owner: account(1), tokens: 1n }], { owner: account(1), tokens: 0n })).toEqual([])
  })

  it('displaces the smallest of a full list, the larger address among equals', () => {
    const list = withCandidate(full, { owner: account(0), tokens: 100n })
    expect(list).toHaveLength(MAX_CANDIDATES)
    expect(list[0]!.owner).toEqual(account(0))
    expect(list.some((c) => compareBytes(c.owner, account(MAX_CANDIDATES)) === 0)).toBe(false)
  })

  it('does not let in who is smaller than all of a full list', () => {
    expect(withCandidate(full, { owner: account(0), tokens: 99n })).toEqual(full)
    expect(withCandidate(full, { owner: account(999), tokens: 100n })).toEqual(full)
  })

  it('ends the same in whatever order validators arrive', () => {
    const arrivals = fc.uniqueArray(fc.tuple(fc.nat(40), fc.bigInt(1n, 5n)), { selector: ([i]) => i })
    fc.assert(
      fc.property(arrivals, fc.nat(), (entries, turn) => {
        const build = (order: typeof entries) =>
          order.reduce<readonly Candidate[]>(
            (list, [i, tokens]) => withCandidate(list, { owner: account(i), tokens }),
            [],
          )
        const cut = entries.length === 0 ? 0 : turn % entries.length
        expect(build([...entries.slice(cut), ...entries.slice(0, cut)])).toEqual(build(entries))
      }),
    )
  })
})
