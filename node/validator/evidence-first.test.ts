import { describe, expect, it } from 'vitest'
import { candidatesOf, TestChain } from '../../consensus/testing/chain.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { evidenceFirst } from './evidence-first.ts'

const chain = new TestChain()
const own = [chain.transfer(4, 5), chain.transfer(4, 5)]
const waiting = [chain.transfer(4, 6), chain.transfer(5, 6), chain.transfer(6, 4), chain.transfer(4, 6)]

function take(candidates: ReturnType<typeof evidenceFirst>, skip: (taken: Transaction) => boolean = () => false) {
  const taken: Transaction[] = []
  for (let next = candidates.next(); next !== undefined; next = candidates.next()) {
    if (skip(next)) candidates.skipSender()
    else taken.push(next)
  }
  return taken
}

describe("a leader's own evidence", () => {
  it('comes first, and keeps what waits of the same sender for later', () => {
    const [, second, third] = waiting
    expect(take(evidenceFirst(own, candidatesOf(waiting)))).toEqual([...own, second, third])
  })

  it('changes nothing where there is none', () => {
    expect(take(evidenceFirst([], candidatesOf(waiting)))).toEqual(waiting)
  })

  it('that does not fit ends it, and passes no other sender over', () => {
    const skipped: string[] = []
    const rest = { ...candidatesOf(waiting), skipSender: () => skipped.push('rest') }
    const taken = take(evidenceFirst(own, rest), (next) => next === own[0])
    expect(taken).toEqual([waiting[1], waiting[2]])
    // Once for each that the pool offered of the reporter; none for its own.
    expect(skipped).toHaveLength(2)
  })
})
