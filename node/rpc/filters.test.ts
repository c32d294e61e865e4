import { describe, expect, it } from 'vitest'
import { FILTER_TTL_MS, FilterStore, MAX_FILTERS, RecentLog } from './filters.ts'
import { fixture } from './fixture.ts'

describe('RecentLog', () => {
  it('keeps the last entries and knows what it has lost', () => {
    const log = new RecentLog<number>(4)
    for (let i = 0; i < 21; i++) log.push(i)
    expect(log.end).toBe(21)
    expect(log.since(17)).toEqual([17, 18, 19, 20])
    expect(log.since(21)).toEqual([])
    expect(log.since(3)).toBeUndefined()
  })
})

describe('FilterStore', () => {
  it('gives each filter its own place in one log', () => {
    const { chain } = fixture()
    const filters = new FilterStore(chain, () => 0)
    const first = filters.create('block')
    chain.mine()
    const second = filters.create('block')
    chain.mine()
    expect(filters.changes(first)).toHaveLength(2)
    expect(filters.changes(second)).toHaveLength(1)
    expect(chain.listenerCount).toBe(1)
  })

  it('is bounded, and frees what has expired', () => {
    const { chain } = fixture()
    let nowMs = 0
    const filters = new FilterStore(chain, () => nowMs)
    for (let i = 0; i < MAX_FILTERS; i++) filters.create('transaction')
    expect(() => filters.create('block')).toThrow('at most')
    nowMs = FILTER_TTL_MS + 1
    filters.create('block')
    filters.close()
    expect(chain.listenerCount).toBe(0)
  })
})
