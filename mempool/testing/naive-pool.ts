/**
 * The reference that the model test holds the pool against: one array in order of arrival, everything recomputed from
 * it by definition, nothing cached. Shares no code with the pool.
 */
import { type Address, equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { type Transaction, valueWei } from '../../vm/transaction/types.ts'
import type { MempoolLimits } from '../limits.ts'
import type { Account } from '../sender-queue.ts'

interface Waiting {
  readonly tx: Transaction
  readonly addedAtMs: number
}

/** What the reference says `add` must answer. */
export interface Verdict {
  readonly code?: string
  readonly status?: 'pending' | 'queued'
  readonly replaced?: Hash
}

const least = (values: readonly bigint[]): bigint => values.reduce((a, b) => [a, b].sort((x, y) => Number(x - y))[0]!)
const priceAt = (tx: Transaction, base: bigint): bigint => least([tx.maxFeePerGas, base + tx.maxPriorityFeePerGas])
const costOf = (tx: Transaction): bigint => valueWei(tx.action) + BigInt(tx.gasLimit) * tx.maxFeePerGas
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)
const sameHash = (a: Transaction, b: Transaction): boolean => equalBytes(a.hash, b.hash)

export class NaivePool {
  waiting: Waiting[] = []
  baseFee: bigint
  readonly limits: MempoolLimits
  readonly account: (address: Address) => Account
  readonly check: (tx: Transaction) => string | undefined

  constructor(
    limits: MempoolLimits,
    account: (address: Address) => Account,
    check: (tx: Transaction) => string | undefined,
  ) {
    this.limits = limits
    this.account = account
    this.check = check
    this.baseFee = limits.feeFloorWei
  }

  of(address: Address, waiting = this.waiting): Waiting[] {
    const own = waiting.filter((w) => equalBytes(w.tx.from, address))
    return own.sort((a, b) => a.tx.nonce - b.tx.nonce)
  }

  senders(waiting = this.waiting): Address[] {
    return [...new Map(waiting.map((w) => [hexKey(w.tx.from), w.tx.from])).values()]
  }

  ready(address: Address, waiting = this.waiting): Waiting[] {
    const { nonce } = this.account(address)
    return this.of(address, waiting).filter((w, index) => w.tx.nonce === nonce + index)
  }

  /** Tails that may go next for a newcomer: those of the cheapest senders, held ones before ready ones. */
  victims(newcomer: Transaction, waiting: Waiting[]): Transaction[] {
    const account = this.account(newcomer.from)
    const ownReady = this.ready(newcomer.from, waiting).length
    const isReady = newcomer.nonce <= account.nonce + ownReady
    const below = this.of(newcomer.from, waiting).filter((w) => w.tx.nonce < newcomer.nonce)
    const worth = least([...below.map((w) => w.tx), newcomer].map((tx) => priceAt(tx, this.baseFee)))
    const ranked = this.senders(waiting).map((address) => {
      const own = this.of(address, waiting)
      return {
        tail: own[own.length - 1]!.tx,
        held: this.ready(address, waiting).length < own.length,
        price: least(own.map((w) => priceAt(w.tx, this.baseFee))),
      }
    })
    const held = ranked.filter((r) => r.held)
    const candidates = isReady && held.length === 0 ? ranked : held
    if (candidates.length === 0) return []
    const lowest = least(candidates.map((r) => r.price))
    if (!(isReady && held.length > 0) && lowest >= worth) return []
    return candidates.filter((r) => r.price === lowest).map((r) => r.tail)
  }

  fits(tx: Transaction, waiting: Waiting[]): boolean {
    const others = waiting.filter((w) => !(equalBytes(w.tx.from, tx.from) && w.tx.nonce === tx.nonce))
    const bytes = others.reduce((total, w) => total + w.tx.raw.length, tx.raw.length)
    return others.length + 1 <= this.limits.maxTransactions && bytes <= this.limits.maxBytes
  }

  /** `evicted` is what the pool under test let go: any choice among equals is right, and each is checked to be one. */
  add(tx: Transaction, nowMs: number, evicted: readonly Hash[]): Verdict {
    const account = this.account(tx.from)
    const own = this.of(tx.from)
    const rival = own.find((w) => w.tx.nonce === tx.nonce)?.tx
    if (this.waiting.some((w) => sameHash(w.tx, tx))) return { code: 'TX_ALREADY_KNOWN' }
    if (tx.nonce < account.nonce) return { code: 'TX_NONCE_TOO_LOW' }
    if (tx.nonce > account.nonce + this.limits.maxNonceGap) return { code: 'NONCE_GAP_TOO_LARGE' }
    if (tx.maxFeePerGas < this.limits.feeFloorWei) return { code: 'TX_FEE_BELOW_BASE' }
    if (rival === undefined && own.length >= this.limits.maxPerSender) return { code: 'SENDER_LIMIT' }
    const isRaised = (field: 'maxFeePerGas' | 'maxPriorityFeePerGas') =>
      rival === undefined || tx[field] * 100n >= rival[field] * 110n
    if (!isRaised('maxFeePerGas') || !isRaised('maxPriorityFeePerGas')) return { code: 'REPLACEMENT_UNDERPRICED' }
    if (costOf(tx) > account.balance) return { code: 'TX_INSUFFICIENT_FUNDS' }
    const owed = sum(own.filter((w) => w.tx !== rival).map((w) => costOf(w.tx))) + costOf(tx)
    if (owed > account.balance) return { code: 'OVERDRAFT' }

    let left = [...this.waiting]
    if (!this.fits(tx, left) && this.victims(tx, left).length === 0) return { code: 'MEMPOOL_FULL' }
    const refusal = this.check(tx)
    if (refusal !== undefined) return { code: refusal }
    for (let i = 0; !this.fits(tx, left); i++) {
      const victims = this.victims(tx, left)
      if (victims.length === 0) return { code: 'MEMPOOL_FULL' }
      const chosen = evicted[i]
      // Where the pool refused, follow any choice: what remains in the end is the same.
      const victim = chosen === undefined ? victims[0]! : victims.find((v) => equalBytes(v.hash, chosen))
      if (victim === undefined) throw new Error('the pool evicted what was not the cheapest tail')
      left = left.filter((w) => w.tx !== victim)
    }
    if (this.waiting.length - left.length !== evicted.length)
      throw new Error('the pool evicted more or less than needed')
    const still = left.find((w) => w.tx === rival)
    this.waiting = [...left.filter((w) => w !== still), { tx, addedAtMs: nowMs }]
    const status = this.ready(tx.from).some((w) => w.tx === tx) ? 'pending' : 'queued'
    return { status, ...(still === undefined ? {} : { replaced: still.tx.hash }) }
  }

  expire(nowMs: number): void {
    this.waiting = this.waiting.filter((w) => nowMs - w.addedAtMs < this.limits.ttlMs)
  }

  onBlock(touched: readonly Address[], baseFee: bigint, nowMs: number): void {
    this.baseFee = baseFee
    for (const address of touched) {
      const { nonce, balance } = this.account(address)
      const own = this.of(address).filter((w) => w.tx.nonce >= nonce)
      while (sum(own.map((w) => costOf(w.tx))) > balance) own.pop()
      this.waiting = this.waiting.filter((w) => !equalBytes(w.tx.from, address) || own.includes(w))
    }
    this.expire(nowMs)
    this.waiting = this.waiting.filter((w) => w.tx.action.kind === 'TRANSFER' || this.check(w.tx) === undefined)
  }

  select(baseFee: bigint): Transaction[] {
    const order: Transaction[] = []
    const arrival = (tx: Transaction) => this.waiting.findIndex((w) => w.tx === tx)
    const queues = this.senders().map((address) => this.ready(address).map((w) => w.tx))
    for (;;) {
      const heads = queues.flatMap((queue) =>
        queue[0] !== undefined && queue[0].maxFeePerGas >= baseFee ? [queue[0]] : [],
      )
      if (heads.length === 0) return order
      heads.sort((a, b) => Number(priceAt(b, baseFee) - priceAt(a, baseFee)) || arrival(a) - arrival(b))
      const best = heads[0]!
      order.push(best)
      queues.find((queue) => queue[0] === best)!.shift()
    }
  }
}
