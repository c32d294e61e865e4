import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../core/bytes.ts'
import { leaderOf } from '../leader.ts'
import { epochValidatorIndex, epochValidators } from '../state/tables.ts'
import { account, TestChain } from './fixtures.ts'
import { countViews, MAX_COUNTED_GAP_VIEWS } from './views.ts'

const chainOf = () => new TestChain({ stakes: [1_000n, 2_000n, 3_000n] })

/** Missed views of validators 0 to 2, as the leader function says. */
function missedBetween(chain: TestChain, first: number, end: number): number[] {
  const missed = [0, 0, 0]
  for (let view = first; view < end; view++) missed[leaderOf(chain.set, ZERO_HASH, view)]!++
  return missed
}

const recorded = (chain: TestChain, epoch = 0) =>
  [0, 1, 2].map((i) => chain.read(epochValidators, { epoch, validator: account(i) })?.missedViews ?? 0)

function count(
  chain: TestChain,
  view: number,
  parent: { height: number; epoch: number; view: number },
  epoch = 0,
): void {
  const context = chain.context({ view, epoch, proposer: account(1) })
  chain.change((state) => countViews(state, { ...context, parent: { ...context.parent, ...parent } }, chain.rules))
}

describe('countViews', () => {
  it('counts the proposer, and the leaders between the parent and the block', () => {
    const chain = chainOf()
    count(chain, 20, { height: 3, epoch: 0, view: 4 })
    expect(recorded(chain)).toEqual(missedBetween(chain, 5, 20))
    expect(chain.read(epochValidators, { epoch: 0, validator: account(1) })?.proposedViews).toBe(1)
  })

  it('counts nobody as missed when views follow each other', () => {
    const chain = chainOf()
    count(chain, 5, { height: 3, epoch: 0, view: 4 })
    expect(recorded(chain)).toEqual([0, 0, 0])
    expect(chain.read(epochValidatorIndex, 0)).toEqual([account(1)])
  })

  it('starts at view 0 in the first block of an epoch, whatever the view of the last one was', () => {
    const first = chainOf()
    count(first, 7, { height: 0, epoch: 0, view: 0 })
    expect(recorded(first)).toEqual(missedBetween(first, 0, 7))
    const chain = chainOf()
    chain.toEpoch(1)
    count(chain, 7, { height: 4, epoch: 0, view: 6 }, 1)
    expect(recorded(chain, 1)).toEqual(missedBetween(chain, 0, 7))
  })

  it('counts a bounded number of views, the oldest', () => {
    const chain = chainOf()
    count(chain, 10 + MAX_COUNTED_GAP_VIEWS * 3, { height: 3, epoch: 0, view: 9 })
    expect(recorded(chain)).toEqual(missedBetween(chain, 10, 10 + MAX_COUNTED_GAP_VIEWS))
  })

  it('lists every validator with a record once, by ascending address', () => {
    const chain = chainOf()
    count(chain, 60, { height: 3, epoch: 0, view: 4 })
    count(chain, 120, { height: 4, epoch: 0, view: 60 })
    expect(chain.read(epochValidatorIndex, 0)).toEqual([account(0), account(1), account(2)])
  })
})
