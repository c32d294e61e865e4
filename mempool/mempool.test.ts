import { describe, expect, test } from 'vitest'
import type { Transaction } from '../vm/transaction/types.ts'
import type { MempoolLimits } from './limits.ts'
import { Mempool } from './mempool.ts'
import { TEST_LIMITS, TestAccounts, type TransactionFields, testAddress, testTransaction } from './testing/fixture.ts'

function setUp(limits: Partial<MempoolLimits> = {}) {
  const accounts = new TestAccounts()
  const pool = new Mempool({ ...TEST_LIMITS, ...limits }, accounts.modules())
  const add = (fields: TransactionFields, nowMs = 0) => pool.add(testTransaction(fields), nowMs)
  const code = (fields: TransactionFields) => {
    const result = add(fields)
    return result.ok ? result.value.status : result.error.code
  }
  const selected = (baseFee = 10n) => [...pool.select(baseFee)].map(({ from, nonce }) => `${label(from)}:${nonce}`)
  const tip = (changed: number[], nowMs = 0, included: Transaction[] = []) =>
    pool.onBlock({ included, changed: changed.map(testAddress), baseFeePerGas: 10n, nowMs })
  return { accounts, pool, add, code, selected, tip }
}

const LABELS = new Map(Array.from({ length: 100 }, (_, n) => [testAddress(n).join(), n]))
const label = (address: Uint8Array) => LABELS.get(address.join())

describe('nonces', () => {
  test('a gap holds what follows until it closes', () => {
    const { pool, code, selected } = setUp()
    expect(code({ nonce: 1 })).toBe('queued')
    expect(code({ nonce: 3 })).toBe('queued')
    expect(selected()).toEqual([])
    expect(pool.pendingNonce(testAddress(0))).toBe(0)
    expect(code({ nonce: 0 })).toBe('pending')
    expect(selected()).toEqual(['0:0', '0:1'])
    expect(pool.pendingNonce(testAddress(0))).toBe(2)
    expect(pool.stats).toMatchObject({ pending: 2, queued: 1, senders: 1, bytes: 300 })
    expect([...pool.content(testAddress(0))].map((item) => item.status)).toEqual(['pending', 'pending', 'queued'])
    expect([...pool.content(testAddress(1))]).toEqual([])
  })

  test('at most maxNonceGap ahead, never below the account', () => {
    const { accounts, code } = setUp()
    accounts.set(testAddress(0), { nonce: 5 })
    expect(code({ nonce: 4 })).toBe('TX_NONCE_TOO_LOW')
    expect(code({ nonce: 5 + 1_024 })).toBe('queued')
    expect(code({ nonce: 5 + 1_025 })).toBe('NONCE_GAP_TOO_LARGE')
  })

  test('1,024 wait of one sender at most, a replacement not counted', () => {
    const { code } = setUp()
    for (let nonce = 0; nonce < 1_024; nonce++) expect(code({ nonce })).toBe('pending')
    expect(code({ nonce: 1_024 })).toBe('SENDER_LIMIT')
    expect(code({ nonce: 7, maxFee: 110, tip: 11 })).toBe('pending')
  })
})

describe('replacement', () => {
  test.each([
    [{ maxFee: 110, tip: 11 }, 'pending'],
    [{ maxFee: 109, tip: 11 }, 'REPLACEMENT_UNDERPRICED'],
    [{ maxFee: 110, tip: 10 }, 'REPLACEMENT_UNDERPRICED'],
  ])('of maxFee 100 and tip 10 by %o: %s', (fees, expected) => {
    const { pool, code } = setUp()
    code({ nonce: 0 })
    expect(code({ nonce: 0, ...fees })).toBe(expected)
    expect(pool.stats.pending).toBe(1)
  })

  test('names the replaced and says what would do', () => {
    const { pool, add } = setUp()
    const first = testTransaction({ maxFee: 101, tip: 10 })
    pool.add(first, 0)
    const refused = add({ maxFee: 102, tip: 10 })
    expect(!refused.ok && refused.error.meta).toEqual({ maxFeePerGas: 112n, maxPriorityFeePerGas: 11n })
    const result = add({ maxFee: 112, tip: 11 })
    expect(result.ok && result.value.replaced).toEqual(first.hash)
    expect(pool.get(first.hash)).toBeUndefined()
  })

  test('a full pool still takes one', () => {
    const { code } = setUp({ maxTransactions: 1 })
    expect(code({ maxFee: 100, tip: 10 })).toBe('pending')
    expect(code({ maxFee: 110, tip: 11 })).toBe('pending')
  })
})

describe('money', () => {
  test('a sender cannot promise more than it has', () => {
    const { accounts, code } = setUp()
    accounts.set(testAddress(0), { balance: 2_500n })
    expect(code({ nonce: 0, maxFee: 100 })).toBe('pending')
    expect(code({ nonce: 1, maxFee: 100, value: 1_501 })).toBe('TX_INSUFFICIENT_FUNDS')
    expect(code({ nonce: 1, maxFee: 100, value: 501 })).toBe('OVERDRAFT')
    expect(code({ nonce: 1, maxFee: 100, value: 500 })).toBe('pending')
  })

  test('a smaller balance lets the last nonces go', () => {
    const { accounts, code, selected, tip } = setUp()
    for (const nonce of [0, 1, 2]) code({ nonce })
    accounts.set(testAddress(0), { balance: 2_000n })
    expect(tip([0]).map((drop) => [drop.transaction.nonce, drop.reason])).toEqual([[2, 'OVERDRAFT']])
    expect(selected()).toEqual(['0:0', '0:1'])
  })
})

describe('selection', () => {
  test('best effective fee first, nonces of a sender in order, earlier arrival among equals', () => {
    const { code, selected } = setUp()
    code({ from: 1, nonce: 0, tip: 5 })
    code({ from: 1, nonce: 1, tip: 50 })
    code({ from: 2, nonce: 0, tip: 20 })
    code({ from: 3, nonce: 0, tip: 5 })
    expect(selected()).toEqual(['2:0', '1:0', '1:1', '3:0'])
  })

  test('the base fee decides what a cap leaves for the tip', () => {
    const { code, selected } = setUp()
    code({ from: 1, maxFee: 40, tip: 30 })
    code({ from: 2, maxFee: 100, tip: 12 })
    expect(selected(10n)).toEqual(['1:0', '2:0'])
    expect(selected(35n)).toEqual(['2:0', '1:0'])
    expect(selected(41n)).toEqual(['2:0'])
  })

  test('below the floor is refused, below the base fee waits and holds its sender back', () => {
    const { code, selected } = setUp()
    expect(code({ maxFee: 9, tip: 0 })).toBe('TX_FEE_BELOW_BASE')
    expect(code({ nonce: 0, maxFee: 20 })).toBe('pending')
    expect(code({ nonce: 1, maxFee: 90 })).toBe('pending')
    expect(selected(21n)).toEqual([])
    expect(selected(20n)).toEqual(['0:0', '0:1'])
  })

  test('skipSender leaves out the rest of the last sender', () => {
    const { pool, code } = setUp()
    for (const nonce of [0, 1, 2]) code({ from: 1, nonce, tip: 30 })
    code({ from: 2, tip: 5 })
    const selection = pool.select(10n)
    expect(selection.next()).toMatchObject({ nonce: 0 })
    selection.skipSender()
    expect([...selection].map((tx) => label(tx.from))).toEqual([2])
  })
})

describe('a full pool', () => {
  test('lets the cheapest sender lose its last nonce, whatever that one offers', () => {
    const { pool, add } = setUp({ maxTransactions: 3 })
    add({ from: 1, nonce: 0, tip: 1 })
    // A well paid last nonce behind a cheap one is worth the cheap one.
    const shield = testTransaction({ from: 1, nonce: 1, tip: 90 })
    pool.add(shield, 0)
    add({ from: 2, tip: 3 })
    const result = add({ from: 3, tip: 2 })
    expect(result.ok && result.value.evicted).toEqual([shield.hash])
  })

  test('refuses what pays no more than the cheapest', () => {
    const { code } = setUp({ maxTransactions: 2 })
    code({ from: 1, tip: 3 })
    code({ from: 2, tip: 4 })
    expect(code({ from: 3, tip: 3 })).toBe('MEMPOOL_FULL')
    expect(code({ from: 3, tip: 4 })).toBe('pending')
  })

  test('what waits for a gap makes room for what does not, and cannot push it out', () => {
    const { code, selected } = setUp({ maxTransactions: 2 })
    code({ from: 1, nonce: 5, tip: 80 })
    code({ from: 2, nonce: 0, tip: 1 })
    expect(code({ from: 3, nonce: 0, tip: 1 })).toBe('pending')
    expect(selected()).toEqual(['2:0', '3:0'])
    expect(code({ from: 1, nonce: 5, tip: 90 })).toBe('MEMPOOL_FULL')
  })

  test('counts bytes, and pushes out nothing when that would not be enough', () => {
    const { pool, code } = setUp({ maxBytes: 1_000 })
    for (const from of [1, 2, 3, 4]) code({ from, tip: from, bytes: 250 })
    const before = [...pool.content()]
    expect(code({ from: 5, tip: 4, bytes: 800 })).toBe('MEMPOOL_FULL')
    expect([...pool.content()].map((item) => item.transaction)).toEqual(
      expect.arrayContaining(before.map((item) => item.transaction)),
    )
    expect(pool.stats).toMatchObject({ pending: 4, bytes: 1_000 })
    expect(code({ from: 5, tip: 4, bytes: 750 })).toBe('pending')
    expect(pool.stats).toMatchObject({ pending: 2, bytes: 1_000 })
  })

  test('one newcomer pushes out maxEvictionsPerAdd at most', () => {
    const { pool, code } = setUp({ maxBytes: 1_000, maxEvictionsPerAdd: 2 })
    for (const from of [1, 2, 3, 4]) code({ from, tip: 1, bytes: 250 })
    expect(code({ from: 5, tip: 90, bytes: 501 })).toBe('MEMPOOL_FULL')
    expect(pool.stats.pending).toBe(4)
    expect(code({ from: 5, tip: 90, bytes: 500 })).toBe('pending')
  })

  test('asks the state only about what could get in', () => {
    const accounts = new TestAccounts()
    let asked = 0
    const check = () => {
      asked++
      return undefined
    }
    const pool = new Mempool({ ...TEST_LIMITS, maxTransactions: 1 }, { ...accounts.modules(), check })
    pool.add(testTransaction({ from: 1, tip: 5 }), 0)
    pool.add(testTransaction({ from: 1, tip: 5 }), 0)
    pool.add(testTransaction({ from: 2, tip: 5 }), 0)
    expect(asked).toBe(1)
  })
})

describe('time and blocks', () => {
  test('nothing waits longer than its time', () => {
    const { pool, add, selected } = setUp({ ttlMs: 100 })
    add({ nonce: 0 }, 0)
    add({ nonce: 1 }, 50)
    expect(pool.expire(99)).toEqual([])
    expect(pool.expire(100).map((drop) => [drop.transaction.nonce, drop.reason])).toEqual([[0, 'EXPIRED']])
    expect(selected()).toEqual([])
    expect(pool.stats).toMatchObject({ pending: 0, queued: 1 })
    expect(pool.expire(150)).toHaveLength(1)
    expect(pool.stats).toEqual({ pending: 0, queued: 0, senders: 0, bytes: 0 })
  })

  test('the included leave, and an abandoned block gives them back', () => {
    const { accounts, pool, code, selected, tip } = setUp()
    for (const nonce of [0, 1, 2]) code({ nonce })
    const block = [testTransaction({ nonce: 0 }), testTransaction({ nonce: 1, maxFee: 500 })]
    accounts.set(testAddress(0), { nonce: 2 })
    expect(tip([], 0, block).map((drop) => drop.reason)).toEqual(['INCLUDED', 'NONCE_USED'])
    expect(selected()).toEqual(['0:2'])

    accounts.set(testAddress(0), { nonce: 0 })
    tip([0])
    expect(selected()).toEqual([])
    expect(pool.readd(block, 0)).toBe(2)
    expect(selected()).toEqual(['0:0', '0:1', '0:2'])
  })

  test('a few are checked anew after each block, in turn', () => {
    const accounts = new TestAccounts()
    const asked: number[] = []
    const recheck = (tx: Transaction) => {
      asked.push(tx.nonce)
      return tx.nonce === 3 ? { code: 'VALIDATOR_NOT_JAILED' as const, message: 'not jailed' } : undefined
    }
    const pool = new Mempool({ ...TEST_LIMITS, maxRechecksPerBlock: 2 }, { ...accounts.modules(), recheck })
    for (const nonce of [0, 1, 2, 3, 4]) {
      pool.add(testTransaction({ nonce, kind: nonce === 0 ? 'TRANSFER' : 'UNJAIL' }), 0)
    }
    const tip = () => pool.onBlock({ included: [], changed: [], baseFeePerGas: 10n, nowMs: 0 })
    expect(tip()).toEqual([])
    expect(tip().map((drop) => [drop.transaction.nonce, drop.reason])).toEqual([[3, 'VALIDATOR_NOT_JAILED']])
    tip()
    expect(asked).toEqual([1, 2, 3, 4, 1, 2])
    expect(pool.stats).toMatchObject({ pending: 3, queued: 1 })
  })

  test('a snapshot restores what waited, in the same order and with the same time left', () => {
    const { accounts, pool, add, selected, tip } = setUp({ ttlMs: 100 })
    add({ from: 1, tip: 5 }, 0)
    add({ from: 2, tip: 5 }, 60)
    const snapshot = pool.snapshot()
    const order = selected()
    accounts.set(testAddress(1), { nonce: 1 })
    tip([1], 90)
    add({ from: 3 }, 90)
    accounts.set(testAddress(1), { nonce: 0 })
    pool.restore(snapshot)
    expect(selected()).toEqual(order)
    expect(pool.stats).toEqual({ pending: 2, queued: 0, senders: 2, bytes: 200 })
    expect(pool.expire(100)).toHaveLength(1)
  })
})

test('the state has the last word', () => {
  const accounts = new TestAccounts()
  const check = () => ({ code: 'RESULT_SEED_STALE' as const, message: 'fetch new work' })
  const pool = new Mempool(TEST_LIMITS, { ...accounts.modules(), check })
  expect(pool.add(testTransaction(), 0)).toMatchObject({ ok: false, error: { code: 'RESULT_SEED_STALE' } })
  expect(pool.stats.pending).toBe(0)
})
