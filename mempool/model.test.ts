/** The pool against its naive reference, over random histories of a small and crowded pool. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexKey } from '../core/bytes.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { Mempool } from './mempool.ts'
import { TEST_LIMITS, TestAccounts, testAddress, testTransaction } from './testing/fixture.ts'
import { NaivePool } from './testing/naive-pool.ts'

const SENDERS = 5
const LIMITS = {
  ...TEST_LIMITS,
  maxTransactions: 12,
  maxBytes: 1_000,
  maxPerSender: 5,
  maxNonceGap: 6,
  ttlMs: 100,
}

const sender = fc.nat(SENDERS - 1)
const fee = fc.integer({ min: 9, max: 60 })
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      from: sender,
      // Relative to the account's nonce; mostly the next ones.
      offset: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.integer({ min: -1, max: 8 }) }),
      maxFee: fee,
      tip: fc.nat(30),
      value: fc.nat(200),
      bytes: fc.integer({ min: 20, max: 200 }),
      kind: fc.constantFrom('TRANSFER' as const, 'TRANSFER' as const, 'UNJAIL' as const),
    }),
  },
  // Continues a sender's ready run, so that queues grow.
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('extend' as const), from: sender, maxFee: fee, tip: fc.nat(30) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resend' as const), index: fc.nat(11) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('block' as const), take: fc.nat(4), baseFee: fee }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('balance' as const), from: sender, balance: fc.nat(3_000) }) },
  // A block takes this sender's next nonce with a transaction that never came here.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('foreign' as const), from: sender }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(60), block: fc.boolean() }) },
  // The state turns against every UNJAIL, or for it.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Both pools over one chain. */
class Pair {
  readonly accounts = new TestAccounts({ nonce: 3, balance: 2_500n })
  readonly #blocks: Transaction[][] = []
  readonly seen = new Set<string>()
  readonly naive: NaivePool
  readonly pool: Mempool
  #nowMs = 0
  #isUnjailRefused = false

  constructor() {
    const check = (tx: Transaction) =>
      this.#isUnjailRefused && tx.action.kind === 'UNJAIL' ? ('VALIDATOR_NOT_JAILED' as const) : undefined
    this.naive = new NaivePool(LIMITS, (address) => this.accounts.get(address), check)
    this.pool = new Mempool(LIMITS, {
      account: (address) => this.accounts.get(address),
      check: (tx) => {
        const code = check(tx)
        return code === undefined ? undefined : { code, message: 'not now' }
      },
    })
  }

  add(tx: Transaction): void {
    const result = this.pool.add(tx, this.#nowMs)
    const evicted = result.ok ? (result.value.evicted ?? []) : []
    const verdict = this.naive.add(tx, this.#nowMs, evicted)
    this.seen.add(result.ok ? (evicted.length > 0 ? 'evicted' : result.value.status) : result.error.code)
    if (result.ok && result.value.replaced !== undefined) this.seen.add('replaced')
    const { evicted: _, ...answer } = result.ok ? result.value : { evicted: undefined, code: result.error.code }
    expect(answer).toEqual(verdict)
  }

  #move(included: Transaction[], changed: Uint8Array[], baseFee: bigint): void {
    const before = new Set(this.naive.waiting.map((w) => hexKey(w.tx.hash)))
    const dropped = this.pool.onBlock({ included, changed, baseFeePerGas: baseFee, nowMs: this.#nowMs })
    this.naive.onBlock([...changed, ...included.map((tx) => tx.from)], baseFee, this.#nowMs)
    for (const { tx } of this.naive.waiting) before.delete(hexKey(tx.hash))
    expect(dropped.map((drop) => hexKey(drop.transaction.hash)).sort()).toEqual([...before].sort())
    for (const drop of dropped) this.seen.add(`dropped ${drop.reason}`)
  }

  run(step: Step): void {
    if (step.do === 'add') {
      const nonce = Math.max(0, this.accounts.get(testAddress(step.from)).nonce + step.offset)
      this.add(testTransaction({ ...step, nonce }))
    } else if (step.do === 'extend') {
      const nonce = this.pool.pendingNonce(testAddress(step.from))
      this.add(testTransaction({ ...step, nonce, bytes: 40 }))
    } else if (step.do === 'resend') {
      const known = this.naive.waiting[step.index]
      if (known !== undefined) this.add(known.tx)
    } else if (step.do === 'block') {
      const included: Transaction[] = []
      for (const tx of this.pool.select(BigInt(step.baseFee))) {
        if (included.length === step.take) break
        included.push(tx)
      }
      for (const tx of included) this.accounts.set(tx.from, { nonce: tx.nonce + 1 })
      this.#blocks.push(included)
      this.#move(included, [], BigInt(step.baseFee))
    } else if (step.do === 'rollback') {
      const abandoned = this.#blocks.pop() ?? []
      for (const tx of [...abandoned].reverse()) this.accounts.set(tx.from, { nonce: tx.nonce })
      this.#move(
        [],
        abandoned.map((tx) => tx.from),
        this.naive.baseFee,
      )
      for (const tx of abandoned) this.add(tx)
    } else if (step.do === 'balance') {
      const address = testAddress(step.from)
      this.accounts.set(address, { balance: BigInt(step.balance) })
      this.#move([], [address], this.naive.baseFee)
    } else if (step.do === 'foreign') {
      const address = testAddress(step.from)
      const { nonce } = this.accounts.get(address)
      this.accounts.set(address, { nonce: nonce + 1 })
      this.#move([testTransaction({ from: step.from, nonce, maxFee: 61 })], [], this.naive.baseFee)
    } else if (step.do === 'wait') {
      this.#nowMs += step.ms
      if (step.block) this.#move([], [], this.naive.baseFee)
      this.pool.expire(this.#nowMs)
      this.naive.expire(this.#nowMs)
    } else if (step.do === 'turn') {
      this.#isUnjailRefused = !this.#isUnjailRefused
      this.#move([], [], this.naive.baseFee)
    } else {
      const { pool } = this
      const snapshot = pool.snapshot()
      pool.add(testTransaction({ from: 77, maxFee: 1_000, tip: 500, gasLimit: 1 }), this.#nowMs)
      pool.restore(snapshot)
    }
  }

  /** Everything a pool shows, against the reference. */
  compare(): void {
    const { pool, naive } = this
    const shown = [...pool.content()].map((item) => `${hexKey(item.transaction.hash)} ${item.status}`)
    const expected = naive.senders().flatMap((address) => {
      const ready = naive.ready(address)
      return naive.of(address).map((w) => `${hexKey(w.tx.hash)} ${ready.includes(w) ? 'pending' : 'queued'}`)
    })
    expect(shown.sort()).toEqual(expected.sort())
    const pending = expected.filter((line) => line.endsWith('pending')).length
    expect(pool.stats).toEqual({
      pending,
      queued: naive.waiting.length - pending,
      senders: naive.senders().length,
      bytes: naive.waiting.reduce((total, w) => total + w.tx.raw.length, 0),
    })
    expect(naive.waiting.length).toBeLessThanOrEqual(LIMITS.maxTransactions)
    expect(pool.stats.bytes).toBeLessThanOrEqual(LIMITS.maxBytes)
    for (const baseFee of [naive.baseFee, 10n, 35n]) {
      const order = [...pool.select(baseFee)].map((tx) => hexKey(tx.hash))
      expect(order).toEqual(naive.select(baseFee).map((tx) => hexKey(tx.hash)))
    }
    for (let label = 0; label < SENDERS; label++) {
      const address = testAddress(label)
      expect(pool.pendingNonce(address)).toBe(this.accounts.get(address).nonce + naive.ready(address).length)
    }
    for (const { tx } of naive.waiting) expect(pool.get(tx.hash)?.transaction).toBe(tx)
  }
}

const histories = fc.array(step, { maxLength: 60, size: 'max' })

function runHistory(steps: readonly Step[]): Pair {
  const pair = new Pair()
  for (const next of steps) {
    pair.run(next)
    pair.compare()
  }
  return pair
}

describe('the mempool and its naive reference', () => {
  test('agree after every step of any history', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        runHistory(steps)
      }),
      { numRuns: 80 },
    )
  })

  test('such histories reach every answer', () => {
    const reached = new Set<string>()
    for (const steps of fc.sample(histories, { seed: 1, numRuns: 60 })) {
      for (const outcome of runHistory(steps).seen) reached.add(outcome)
    }
    expect([...reached].sort()).toEqual([
      'MEMPOOL_FULL',
      'NONCE_GAP_TOO_LARGE',
      'OVERDRAFT',
      'REPLACEMENT_UNDERPRICED',
      'SENDER_LIMIT',
      'TX_ALREADY_KNOWN',
      'TX_FEE_BELOW_BASE',
      'TX_INSUFFICIENT_FUNDS',
      'TX_NONCE_TOO_LOW',
      'VALIDATOR_NOT_JAILED',
      'dropped EXPIRED',
      'dropped INCLUDED',
      'dropped NONCE_USED',
      'dropped OVERDRAFT',
      'dropped VALIDATOR_NOT_JAILED',
      'evicted',
      'pending',
      'queued',
      'replaced',
    ])
  })
})
