/** What the engine is beside its rules, which rules-*.test.ts hold one by one. */
import { describe, expect, it } from 'vitest'
import { Bench, blockAt, followerOf, ofType, votesIn } from './fixture.ts'

describe('an observer', () => {
  const block = blockAt(0)

  it('follows to finality and never signs', () => {
    const bench = new Bench(undefined)
    bench.hearProposal(0, block)
    for (const index of [0, 1, 2]) bench.hearVote('notarize', 0, block.hash, index)
    bench.validate(block)
    for (const index of [0, 1, 2]) bench.hearVote('finalize', 0, block.hash, index)
    bench.tick()
    const said = bench.said()
    expect(ofType(said, 'finalized')).toHaveLength(1)
    expect(votesIn(said)).toEqual([])
    expect(ofType(said, 'setTimer').every(({ id }) => id === 'resend')).toBe(true)
  })
})

describe('the contract', () => {
  it('start comes first and once', () => {
    const bench = new Bench(followerOf(0))
    expect(() => bench.step({ type: 'start' })).toThrow('start comes first')
  })
})
