import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../core/bytes.ts'
import { leaderOf } from '../leader.ts'
import { epochSets, epochValidators, validators } from '../state/tables.ts'
import { account, TestChain, type TestGenesis } from './fixtures.ts'
import { jailAbsentees } from './jail.ts'

/** Twenty validators of 5 % each: two of them make a tenth. */
const TWENTY = Array.from({ length: 20 }, () => 1_000n)

type Views = readonly [validator: number, proposed: number, missed: number]

function jailed(chain: TestChain, views: readonly Views[]): number[] {
  chain.change((state) => {
    for (const [i, proposedViews, missedViews] of views) {
      state.set(
        epochValidators,
        { epoch: chain.epoch, validator: account(i) },
        { workMacs: 0n, proposedViews, missedViews },
      )
    }
    jailAbsentees(state, chain.context(), chain.rules)
  })
  return chain.set.members.flatMap((_, i) => (chain.validator(i).jailedUntilEpoch === 0 ? [] : [i]))
}

const chainOf = (genesis: Partial<TestGenesis> = {}) => new TestChain({ stakes: TWENTY, accounts: 20, ...genesis })

describe('jailing', () => {
  it('needs at least half of the views missed, and at least eight', () => {
    const views: Views[] = [
      [1, 8, 7],
      [2, 9, 8],
      [3, 8, 8],
    ]
    expect(jailed(chainOf(), views)).toEqual([3])
  })

  it('jails until the epochs named in the parameters have passed, from the end of this one', () => {
    const chain = chainOf({ params: { jailEpochs: 2 } })
    chain.toEpoch(1)
    jailed(chain, [[4, 0, 8]])
    expect(chain.validator(4)).toMatchObject({ jailedUntilEpoch: 4, tokens: 1_000n })
  })

  it('takes the worst first, up to a tenth of the power, the smaller address among equals', () => {
    const views: Views[] = [
      [1, 2, 8],
      [5, 1, 9],
      [7, 1, 9],
      [3, 1, 9],
    ]
    expect(jailed(chainOf(), views)).toEqual([3, 5])
  })

  it('passes over who alone exceeds the tenth, and still jails the small ones behind it', () => {
    const chain = chainOf({ stakes: [50_000n, ...TWENTY] })
    const views: Views[] = [
      [0, 0, 100],
      [6, 4, 8],
    ]
    expect(jailed(chain, views)).toEqual([6])
  })

  it('jails nobody among four equals: each has a quarter', () => {
    const chain = new TestChain({ stakes: [1_000n, 1_000n, 1_000n, 1_000n] })
    expect(jailed(chain, [[2, 0, 50]])).toEqual([])
  })

  it('slashes for downtime', () => {
    const chain = chainOf({ params: { slashDowntimeBps: 10 } })
    jailed(chain, [[2, 0, 50]])
    expect(chain.validator(2).tokens).toBe(999n)
  })

  it('neither prolongs a jail nor jails the tombstoned', () => {
    const chain = chainOf()
    chain.change((state) => {
      state.set(validators, account(1), { ...chain.validator(1), jailedUntilEpoch: 5 })
      state.set(validators, account(2), { ...chain.validator(2), tombstoned: true })
      state.set(epochSets, 0, chain.set)
    })
    expect(
      jailed(chain, [
        [1, 0, 50],
        [2, 0, 50],
      ]),
    ).toEqual([1])
    expect(chain.validator(1).jailedUntilEpoch).toBe(5)
  })

  it('C11: a validator that never proposes is jailed at the end of the epoch, by blocks alone', () => {
    const stakes = Array.from({ length: 11 }, () => 1_000n)
    const chain = new TestChain({ stakes, accounts: 11, params: { epochBlocks: 160 } })
    const absent = 4
    let view = 0
    let parentView = 0
    while (chain.epoch === 0) {
      let leader = leaderOf(chain.set, ZERO_HASH, view)
      while (leader === absent) leader = leaderOf(chain.set, ZERO_HASH, ++view)
      const { parent } = chain.context()
      chain.endBlock({ view, parent: { ...parent, view: parentView }, proposer: account(leader) })
      parentView = view++
    }
    expect(chain.read(epochValidators, { epoch: 0, validator: account(absent) })?.proposedViews).toBe(0)
    const free = stakes.flatMap((_, i) => (chain.validator(i).jailedUntilEpoch === 0 ? [account(i)] : []))
    expect(free).toHaveLength(10)
    expect(chain.validator(absent).jailedUntilEpoch).toBe(2)
    expect(chain.read(epochSets, 2)?.members.map((m) => m.address)).toEqual(free)
  })
})
