/**
 * The mempool: which transactions wait, in what order they leave, and who must make room (PROTOCOL 2).
 *
 *     add ──> per sender, by nonce:  [ready ready ready] gap [held held]
 *                                       │                      │
 *     select <── by effective fee ──────┘                      └── until the gap closes, or its time is up
 *
 * It promises: every ready run starts at the account's nonce and has no gap; no sender can owe more than it has; count
 * and bytes stay within `MempoolLimits`; a full pool lets go of the cheapest and never leaves a hole; the same calls give
 * the same answers. One add, drop or step of a selection is O(log n) in the pool, whatever waits in it.
 *
 * Pure: the time, the accounts and the check against the state come from outside. Signatures have been checked before
 * (node/ingest). A transaction must own its bytes: one cut out of a larger network buffer would keep all of that alive.
 */

import { type Address, type Hash, hexKey } from '../core/bytes.ts'
import { assert, type Failure, ok, type Result } from '../core/errors.ts'
import type { ActionErrorCode, RefusalCode } from '../vm/execution/types.ts'
import { effectiveGasPrice } from '../vm/fees.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { admissionRefusal, refuse } from './admission.ts'
import { type Entry, makeEntry } from './entry.ts'
import type { AddErrorCode, DropReason } from './errors.ts'
import { EvictionOrder } from './eviction-order.ts'
import { bringsProof, FalseProofs, falseProofGram } from './false-proofs.ts'
import type { MempoolLimits } from './limits.ts'
import { Selection } from './selection.ts'
import { type Account, SenderQueue } from './sender-queue.ts'
import { WaitingClaims } from './waiting-claims.ts'

type Check = (transaction: Transaction) => Failure<RefusalCode | ActionErrorCode> | undefined

export interface MempoolModules {
  /** The account after the tip; nonce 0 and balance 0 where there is none. */
  account(address: Address): Account
  /** Would the state after the tip accept it, apart from a nonce above the account's? Asked last, as it may cost most. */
  readonly check: Check
  /** Asked again of waiting transactions after a block; `check` where absent. */
  readonly recheck?: Check
}

/** `queued` waits for an earlier nonce. */
export type Status = 'pending' | 'queued'

export interface Added {
  readonly status: Status
  readonly replaced?: Hash
  readonly evicted?: readonly Hash[]
}

export interface Dropped {
  readonly transaction: Transaction
  readonly reason: DropReason
}

export interface PoolItem {
  readonly transaction: Transaction
  readonly status: Status
}

export interface TipChange {
  /** Of all blocks that became part of the chain. */
  readonly included: readonly Transaction[]
  /** Every other account that may have changed: receivers, and senders of abandoned blocks. */
  readonly changed: Iterable<Address>
  /** Of the next block. */
  readonly baseFeePerGas: bigint
  readonly nowMs: number
}

/** All that a pool holds, to be given back to `restore`. Shares the (immutable) transactions. */
export interface MempoolSnapshot {
  readonly baseFeePerGas: bigint
  readonly entries: readonly { readonly transaction: Transaction; readonly addedAtMs: number }[]
}

export interface MempoolStats {
  readonly pending: number
  readonly queued: number
  readonly senders: number
  /** Of raw envelopes. */
  readonly bytes: number
}

const ALREADY_KNOWN = refuse('TX_ALREADY_KNOWN', 'this transaction already waits here: no need to send it again')
const CLAIM_WAITS = refuse('RESULT_ALREADY_CLAIMED', 'a result for this tile waits already: search on')
const OUTPUT_WAITS = refuse(
  'OUTPUT_SPENT_TWICE',
  "another of the sender's waiting transactions spends this output: replace that one, at its nonce",
)
const POOL_FULL = refuse('MEMPOOL_FULL', 'the mempool is full of better paying transactions: offer more or wait')

const waitsTwice = ({ action }: Transaction): Failure<AddErrorCode> =>
  action.kind === 'SUBMIT_RESULT' ? CLAIM_WAITS : OUTPUT_WAITS

export class Mempool {
  readonly #limits: MempoolLimits
  readonly #modules: MempoolModules
  /** In order of arrival, which is the order of expiry. */
  readonly #byHash = new Map<string, Entry>()
  readonly #senders = new Map<string, SenderQueue>()
  readonly #evictions = new EvictionOrder()
  /** What a new state may refuse though nonce and balance fit, least recently checked first. */
  readonly #stateful = new Set<Entry>()
  readonly #claims = new WaitingClaims()
  readonly #falseProofs: FalseProofs
  #baseFeePerGas: bigint
  #pending = 0
  #bytes = 0
  #arrivals = 0

  constructor(limits: MempoolLimits, modules: MempoolModules) {
    this.#limits = limits
    this.#modules = modules
    this.#falseProofs = new FalseProofs(limits)
    this.#baseFeePerGas = limits.feeFloorWei
  }

  get stats(): MempoolStats {
    const queued = this.#byHash.size - this.#pending
    return { pending: this.#pending, queued, senders: this.#senders.size, bytes: this.#bytes }
  }

  /** Admits a transaction or says why not; a refusal changes nothing of what waits. */
  add(transaction: Transaction, nowMs: number): Result<Added, AddErrorCode> {
    const { entry, account } = this.#arrived(transaction, nowMs)
    const refusal = this.#cheapRefusal(entry, account, nowMs) ?? this.#checked(entry, nowMs)
    if (refusal !== undefined) return { ok: false, error: refusal }

    const evicted = this.#makeRoom(entry, account)
    if (evicted === undefined) return { ok: false, error: POOL_FULL }
    this.#arrivals++
    const { senderKey } = entry
    const home = this.#senders.get(senderKey) ?? this.#openQueue(transaction.from, senderKey, account)
    const replaced = this.#insert(home, entry)
    const status = this.#statusOf(home, transaction.nonce)
    if (replaced === undefined && evicted.length === 0) return ok({ status })
    return ok({
      status,
      ...(replaced === undefined ? {} : { replaced: replaced.transaction.hash }),
      ...(evicted.length === 0 ? {} : { evicted: evicted.map((victim) => victim.transaction.hash) }),
    })
  }

  /** Why `add` would refuse it without asking `check`; for whoever has dear work to do before the check is cheap. */
  refusal(transaction: Transaction, nowMs: number): Failure<AddErrorCode> | undefined {
    const { entry, account } = this.#arrived(transaction, nowMs)
    return this.#cheapRefusal(entry, account, nowMs)
  }

  #arrived(transaction: Transaction, nowMs: number): { readonly entry: Entry; readonly account: Account } {
    const senderKey = hexKey(transaction.from)
    const account = this.#senders.get(senderKey)?.account ?? this.#modules.account(transaction.from)
    return { entry: makeEntry(transaction, senderKey, this.#arrivals, nowMs), account }
  }

  /** Last, whether the sender brought too many false proofs a short while ago. */
  #cheapRefusal(entry: Entry, account: Account, nowMs: number): Failure<AddErrorCode> | undefined {
    const refusal =
      (this.#byHash.has(entry.hashKey) ? ALREADY_KNOWN : undefined) ??
      admissionRefusal(entry, account, this.#senders.get(entry.senderKey), this.#limits) ??
      (this.#claims.hasOther(entry) ? waitsTwice(entry.transaction) : undefined) ??
      (this.#isHopeless(entry, account) ? POOL_FULL : undefined)
    if (refusal !== undefined || !bringsProof(entry.transaction.action)) return refusal
    const waitMs = this.#falseProofs.waitMs(entry.senderKey, nowMs)
    if (waitMs === 0) return undefined
    const message = "the sender's last proofs were false: check what makes them, then wait"
    return refuse('PROOF_TOO_SOON', message, { waitMs })
  }

  /** What the state says. */
  #checked({ transaction, senderKey }: Entry, nowMs: number): Failure<AddErrorCode> | undefined {
    const refusal = this.#modules.check(transaction)
    if (refusal !== undefined) this.#falseProofs.note(senderKey, nowMs, falseProofGram(refusal))
    return refusal
  }

  /** Ready transactions for a block with this base fee, best first. */
  select(baseFeePerGas: bigint): Selection {
    return new Selection(this.#senders.values(), baseFeePerGas)
  }

  /** Follows a new tip: lets go of what is included, outdated, unpayable, expired or no longer acceptable. */
  onBlock({ included, changed, baseFeePerGas, nowMs }: TipChange): Dropped[] {
    this.#baseFeePerGas = baseFeePerGas
    const dropped: Dropped[] = []
    const senders = new Set<string>()
    const hashes = new Set<string>()
    for (const transaction of included) {
      senders.add(hexKey(transaction.from))
      hashes.add(hexKey(transaction.hash))
    }
    for (const address of changed) senders.add(hexKey(address))
    for (const key of senders) {
      const queue = this.#senders.get(key)
      if (queue !== undefined) this.#refresh(queue, hashes, dropped)
    }
    dropped.push(...this.expire(nowMs))
    this.#recheck(dropped, nowMs)
    return dropped
  }

  /**
   * Takes back the transactions of abandoned blocks, oldest block first, after `onBlock` has named their senders.
   * Returns how many wait again; those included on the new branch too, or outbid meanwhile, do not.
   */
  readd(transactions: Iterable<Transaction>, nowMs: number): number {
    let count = 0
    for (const transaction of transactions) if (this.add(transaction, nowMs).ok) count++
    return count
  }

  /** Lets go of what has waited for `ttlMs`. */
  expire(nowMs: number): Dropped[] {
    const dropped: Dropped[] = []
    for (const entry of this.#byHash.values()) {
      if (nowMs - entry.addedAtMs < this.#limits.ttlMs) break
      this.#remove(entry)
      dropped.push({ transaction: entry.transaction, reason: 'EXPIRED' })
    }
    return dropped
  }

  get(hash: Hash): PoolItem | undefined {
    const entry = this.#byHash.get(hexKey(hash))
    if (entry === undefined) return undefined
    const queue = this.#senders.get(entry.senderKey)
    assert(queue !== undefined, 'waiting transaction without a sender queue')
    return { transaction: entry.transaction, status: this.#statusOf(queue, entry.transaction.nonce) }
  }

  /** The first nonce of this account that nothing ready uses. */
  pendingNonce(address: Address): number {
    const queue = this.#senders.get(hexKey(address))
    return queue === undefined ? this.#modules.account(address).nonce : queue.account.nonce + queue.readyCount
  }

  /** Everything that waits, sender by sender, nonces in order; of one sender only, where given. */
  *content(address?: Address): Iterable<PoolItem> {
    const only = address === undefined ? undefined : this.#senders.get(hexKey(address))
    const queues = address === undefined ? this.#senders.values() : only === undefined ? [] : [only]
    for (const queue of queues) {
      for (const [index, { transaction }] of queue.entries.entries()) {
        yield { transaction, status: index < queue.readyCount ? 'pending' : 'queued' }
      }
    }
  }

  snapshot(): MempoolSnapshot {
    const entries = [...this.#byHash.values()].map(({ transaction, addedAtMs }) => ({ transaction, addedAtMs }))
    return { baseFeePerGas: this.#baseFeePerGas, entries }
  }

  /** Becomes what the snapshot holds; accounts are read anew, so the state is to be restored first. */
  restore(snapshot: MempoolSnapshot): void {
    for (const entry of [...this.#byHash.values()]) this.#remove(entry)
    this.#baseFeePerGas = snapshot.baseFeePerGas
    for (const { transaction, addedAtMs } of snapshot.entries) {
      const key = hexKey(transaction.from)
      const queue =
        this.#senders.get(key) ?? this.#openQueue(transaction.from, key, this.#modules.account(transaction.from))
      this.#insert(queue, makeEntry(transaction, key, this.#arrivals++, addedAtMs))
    }
    for (const queue of [...this.#senders.values()]) this.#refresh(queue, new Set(), [])
  }

  /**
   * Pushes out what is worth less until `entry` fits; undefined, and nothing changed, where that is not enough.
   * The newcomer's own predecessors are never worth less than it is, so it cannot cut its own branch.
   */
  #makeRoom(entry: Entry, account: Account): Entry[] | undefined {
    const standing = this.#standing(entry, account)
    const victims: Entry[] = []
    const accounts: Account[] = []
    let freedBytes = 0
    while (!this.#fits(entry, victims.length, freedBytes)) {
      const isAllowed = victims.length < this.#limits.maxEvictionsPerAdd
      const queue = isAllowed ? this.#evictions.victim(standing, this.#baseFeePerGas) : undefined
      const victim = queue?.tail
      if (queue === undefined || victim === undefined) {
        for (let i = victims.length - 1; i >= 0; i--) this.#putBack(victims[i]!, accounts[i]!)
        return undefined
      }
      accounts.push(queue.account)
      this.#change(queue, () => queue.pop())
      victims.push(victim)
      freedBytes += victim.transaction.raw.length
    }
    for (const victim of victims) this.#forget(victim)
    return victims
  }

  /** Full, and nothing in it would make room: worth knowing before the costly check. */
  #isHopeless(entry: Entry, account: Account): boolean {
    if (this.#fits(entry, 0, 0)) return false
    return this.#evictions.victim(this.#standing(entry, account), this.#baseFeePerGas) === undefined
  }

  /** Within the limits, once `victims` entries of `freedBytes` are gone from their queues but not yet forgotten. */
  #fits({ transaction, senderKey }: Entry, victims: number, freedBytes: number): boolean {
    const rival = this.#senders.get(senderKey)?.at(transaction.nonce)
    const count = this.#byHash.size - victims + (rival === undefined ? 1 : 0)
    const bytes = this.#bytes - freedBytes + transaction.raw.length - (rival?.transaction.raw.length ?? 0)
    return count <= this.#limits.maxTransactions && bytes <= this.#limits.maxBytes
  }

  /** Where the newcomer would stand, and what it is worth there. */
  #standing({ transaction, senderKey }: Entry, account: Account): { readonly ready: boolean; readonly fee: bigint } {
    const queue = this.#senders.get(senderKey)
    const floor = queue?.floorAt(transaction.nonce, transaction) ?? transaction
    return {
      ready: queue?.isReady(transaction.nonce) ?? transaction.nonce === account.nonce,
      fee: effectiveGasPrice(floor, this.#baseFeePerGas),
    }
  }

  #putBack(entry: Entry, account: Account): void {
    const queue =
      this.#senders.get(entry.senderKey) ?? this.#openQueue(entry.transaction.from, entry.senderKey, account)
    this.#change(queue, () => queue.insert(entry))
  }

  #openQueue(address: Address, key: string, account: Account): SenderQueue {
    const queue = new SenderQueue(address, key, account)
    this.#senders.set(key, queue)
    return queue
  }

  #insert(queue: SenderQueue, entry: Entry): Entry | undefined {
    const replaced = this.#change(queue, () => queue.insert(entry))
    if (replaced !== undefined) this.#forget(replaced)
    this.#byHash.set(entry.hashKey, entry)
    this.#claims.add(entry)
    this.#bytes += entry.transaction.raw.length
    if (entry.transaction.action.kind !== 'TRANSFER') this.#stateful.add(entry)
    return replaced
  }

  #remove(entry: Entry): void {
    const queue = this.#senders.get(entry.senderKey)
    assert(queue !== undefined, 'waiting transaction without a sender queue')
    this.#change(queue, () => queue.remove(entry))
    this.#forget(entry)
  }

  /** The other half of taking an entry out of its queue. */
  #forget(entry: Entry): void {
    this.#byHash.delete(entry.hashKey)
    this.#claims.delete(entry)
    this.#bytes -= entry.transaction.raw.length
    this.#stateful.delete(entry)
  }

  /** Every change of a queue goes through here: it keeps the counts and the eviction order true. */
  #change<T>(queue: SenderQueue, change: () => T): T {
    const before = queue.readyCount
    const result = change()
    this.#pending += queue.readyCount - before
    this.#evictions.place(queue)
    if (queue.size === 0) this.#senders.delete(queue.key)
    return result
  }

  #refresh(queue: SenderQueue, included: ReadonlySet<string>, dropped: Dropped[]): void {
    const account = this.#modules.account(queue.address)
    const stale = this.#change(queue, () => queue.update(account))
    for (const entry of stale) {
      this.#forget(entry)
      const reason = included.has(entry.hashKey) ? 'INCLUDED' : 'NONCE_USED'
      dropped.push({ transaction: entry.transaction, reason })
    }
    while (queue.costWei > account.balance) {
      const entry = this.#change(queue, () => queue.pop())
      assert(entry !== undefined, 'an empty queue owes money')
      this.#forget(entry)
      dropped.push({ transaction: entry.transaction, reason: 'OVERDRAFT' })
    }
  }

  #recheck(dropped: Dropped[], nowMs: number): void {
    const recheck = this.#modules.recheck ?? this.#modules.check
    let left = Math.min(this.#limits.maxRechecksPerBlock, this.#stateful.size)
    for (const entry of this.#stateful) {
      if (left-- === 0) break
      // To the end of the line, before the answer: a set visits what is added while it is walked, hence the count.
      this.#stateful.delete(entry)
      this.#stateful.add(entry)
      const failure = recheck(entry.transaction)
      if (failure === undefined) continue
      this.#falseProofs.note(entry.senderKey, nowMs, falseProofGram(failure))
      this.#remove(entry)
      dropped.push({ transaction: entry.transaction, reason: failure.code })
    }
  }

  #statusOf(queue: SenderQueue, nonce: number): Status {
    return nonce < queue.account.nonce + queue.readyCount ? 'pending' : 'queued'
  }
}
