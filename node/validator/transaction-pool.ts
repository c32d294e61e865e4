/**
 * Transactions on their way into blocks: signatures and proofs checked off the event loop, admitted to the mempool against the
 * tip's state, passed on to peers, and taken back when their block is abandoned.
 */

import type { BlockTree, TipChange } from '../../consensus/chain/block-tree.ts'
import type { Address, Hash } from '../../core/bytes.ts'
import { fail, ok, type Result } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import type { AddErrorCode } from '../../mempool/errors.ts'
import { isRefusedEverywhere } from '../../mempool/false-proofs.ts'
import { DEFAULT_LIMITS, type MempoolLimits } from '../../mempool/limits.ts'
import { type Added, Mempool, type MempoolSnapshot, type PoolItem } from '../../mempool/mempool.ts'
import type { Verdict } from '../../p2p/transport.ts'
import { MAX_GOSSIP_BYTES, MAX_GOSSIP_TRANSACTIONS } from '../../p2p/wire.ts'
import { hasScripts } from '../../vm/execution/limits.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import { nextBaseFee } from '../../vm/fees.ts'
import { accounts, payoutCursor, payouts } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { Clock } from '../clock.ts'
import type { IngestErrorCode, SignaturePool } from '../ingest/signature-pool.ts'
import type { ChainEntry } from './entry.ts'
import type { ProofsAhead } from './proofs-ahead.ts'
import { SenderLines } from './sender-lines.ts'
import { TipCheck, type UnverifiedCode } from './tip-check.ts'

/** Transactions that arrive within this time travel to peers together: less than a tenth of the shortest block interval. */
const GOSSIP_DELAY_MS = 10

/** Transactions with scripts that wait for the verdicts on their proofs: as many as proofs may wait themselves. */
const MAX_IN_LINE = 128

const IN_LINE_FULL = fail(
  'ZK_OVERLOADED',
  `${MAX_IN_LINE} transactions wait for their proofs here: send again in a second`,
)

export interface TransactionPoolModules {
  readonly clock: Clock
  readonly tree: BlockTree<ChainEntry>
  readonly rules: ExecutionRules
  readonly signatures: SignaturePool
  readonly proofs: ProofsAhead
  readonly limits?: Partial<MempoolLimits>
  /** To every peer. */
  relay(envelopes: readonly Uint8Array[]): void
  admitted(transaction: Transaction): void
}

const NO_ACCOUNT = { nonce: 0, balance: 0n }

export class TransactionPool {
  readonly #modules: TransactionPoolModules
  readonly #mempool: Mempool
  readonly #check: TipCheck
  readonly #lines = new SenderLines(MAX_IN_LINE)
  #outgoing: Uint8Array[] = []
  #cancelRelay: (() => void) | undefined
  #isClosed = false

  constructor(modules: TransactionPoolModules) {
    this.#modules = modules
    this.#check = new TipCheck(modules)
    const feeFloorWei = modules.rules.params.baseFeeFloorWei
    this.#mempool = new Mempool(
      { ...DEFAULT_LIMITS, feeFloorWei, ...modules.limits },
      {
        account: (address) => readRecord(modules.tree.tip.state, accounts, address) ?? NO_ACCOUNT,
        check: (transaction) => this.#check.check(transaction),
        recheck: (transaction) => this.#check.recheck(transaction),
      },
    )
  }

  /** Checks, admits and relays one envelope from this node's own users. */
  async submit(raw: Uint8Array): Promise<Result<Hash>> {
    const recovered = await this.#modules.signatures.recover(raw)
    if (!recovered.ok) return recovered
    const added = await this.#admit(recovered.value)
    if (!added.ok) return added
    this.#queueRelay(recovered.value.raw)
    return ok(recovered.value.hash)
  }

  /**
   * Admits what a peer sent, and says what the network should make of the batch:
   *
   *     reject   an envelope that no state makes valid, a false proof, or a result that lost: whoever relays checks these first
   *     accept   all that was new waits here now
   *     later    this node was too busy to look at some of it
   *     ignore   nothing is new, or some is refused by a state that honest nodes need not share (nonce, balance, fee, room)
   *
   * Who passes a batch on answers for each envelope in it, so only what was found good whole goes on as it is. What else was admitted
   * goes on in a batch of our own: otherwise whoever mixes it with something bad would keep it from those beyond us. Of a batch
   * with a bad envelope nothing is admitted; at a false proof or a lost result it ends, so a batch costs one of them at most.
   * Transactions with scripts come last and one by one, so that nothing waits for them and a peer has no more proofs in work
   * than messages; their failures are nobody's but the sender's (mempool/false-proofs.ts).
   */
  async receive(envelopes: readonly Uint8Array[]): Promise<Verdict> {
    const unknown = envelopes.filter((raw) => this.#mempool.get(keccak256(raw)) === undefined)
    const transactions: Transaction[] = []
    for (const recovered of await Promise.all(unknown.map((raw) => this.#modules.signatures.recover(raw)))) {
      if (recovered.ok) transactions.push(recovered.value)
      else if (!isOurFault(recovered.error.code)) return { reject: recovered.error.code }
    }
    const news: Transaction[] = []
    let refused: string | undefined
    let isBusy = transactions.length < unknown.length
    const last = transactions.filter(({ action }) => hasScripts(action))
    const first = transactions.filter(({ action }) => !hasScripts(action))
    for (const transaction of [...first, ...last]) {
      const added = await this.#admit(transaction)
      if (added.ok) news.push(transaction)
      else if (isBusyWithProofs(added.error.code)) isBusy = true
      else if (isRefusedEverywhere(added.error.code)) {
        refused = added.error.code
        break
      }
    }
    if (news.length > 0 && news.length === unknown.length) return 'accept'
    for (const { raw } of news) this.#queueRelay(raw)
    if (refused !== undefined) return { reject: refused }
    return isBusy ? 'later' : 'ignore'
  }

  /** Transactions of a block: those that wait here are taken from the pool, so each signature is checked once per node. */
  async recoverBlock(envelopes: readonly Uint8Array[]): Promise<Result<readonly Transaction[], string> | undefined> {
    const known = envelopes.map((raw) => this.#mempool.get(keccak256(raw))?.transaction)
    const missing = envelopes.filter((_, i) => known[i] === undefined)
    const recovered = await this.#modules.signatures.recoverBlock(missing)
    const transactions: Transaction[] = []
    let next = 0
    for (const transaction of known) {
      const answer = transaction === undefined ? recovered[next++]! : ok(transaction)
      if (answer.ok) transactions.push(answer.value)
      else if (isOurFault(answer.error.code)) return undefined
      else return fail(answer.error.code, answer.error.message)
    }
    return ok(transactions)
  }

  candidates(baseFeePerGas: bigint) {
    return this.#mempool.select(baseFeePerGas)
  }

  /** The tip moved; the tree already shows it. */
  followTip({ added, dropped }: TipChange<ChainEntry>): void {
    const { clock, rules, tree } = this.#modules
    const nowMs = clock.nowMs()
    const abandoned = dropped.toReversed().flatMap((entry) => entry.transactions)
    this.#mempool.onBlock({
      included: added.flatMap((entry) => entry.transactions),
      changed: [...added, ...dropped].flatMap((entry) => changedAccounts(entry, tree)),
      baseFeePerGas: nextBaseFee(tree.tip.block.header, rules.params.baseFeeFloorWei),
      nowMs,
    })
    this.#mempool.readd(abandoned, nowMs)
  }

  get(hash: Hash): PoolItem | undefined {
    return this.#mempool.get(hash)
  }

  entries(): Iterable<PoolItem> {
    return this.#mempool.content()
  }

  pendingNonce(address: Address): number {
    return this.#mempool.pendingNonce(address)
  }

  counts(): { readonly pending: number; readonly queued: number } {
    return this.#mempool.stats
  }

  snapshot(): MempoolSnapshot {
    return this.#mempool.snapshot()
  }

  restore(snapshot: MempoolSnapshot): void {
    this.#mempool.restore(snapshot)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRelay?.()
    this.#outgoing = []
  }

  /** A sender's scripts are looked at one transaction after the other, so that a false proof counts before the next one. */
  async #admit(transaction: Transaction): Promise<Result<Added, AddErrorCode | UnverifiedCode>> {
    if (!hasScripts(transaction.action)) return this.#add(transaction)
    return this.#lines.run(transaction.from, () => this.#admitProven(transaction)) ?? IN_LINE_FULL
  }

  async #admitProven(transaction: Transaction): Promise<Result<Added, AddErrorCode | UnverifiedCode>> {
    const error =
      this.#mempool.refusal(transaction, this.#modules.clock.nowMs()) ?? (await this.#check.prepare(transaction))
    return error === undefined ? this.#add(transaction) : { ok: false, error }
  }

  #add(transaction: Transaction): Result<Added, AddErrorCode> {
    const added = this.#mempool.add(transaction, this.#modules.clock.nowMs())
    if (added.ok) this.#modules.admitted(transaction)
    return added
  }

  #queueRelay(raw: Uint8Array): void {
    // What was still being verified then is nobody's business any more.
    if (this.#isClosed) return
    this.#outgoing.push(raw)
    this.#cancelRelay ??= this.#modules.clock.after(GOSSIP_DELAY_MS, () => {
      this.#cancelRelay = undefined
      for (const batch of batches(this.#outgoing.splice(0))) this.#modules.relay(batch)
    })
  }
}

/** Nothing was found out about the envelope: this node is too busy, or closing. */
const isOurFault = (code: IngestErrorCode): boolean => code === 'INGEST_CLOSED' || code === 'INGEST_OVERLOADED'

const isBusyWithProofs = (code: AddErrorCode | UnverifiedCode): boolean =>
  code === 'ZK_OVERLOADED' || code === 'ZK_CLOSED'

/** Portions that fit a gossip message. */
function* batches(envelopes: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const raw of envelopes) {
    if (batch.length === MAX_GOSSIP_TRANSACTIONS || (batch.length > 0 && bytes + raw.length > MAX_GOSSIP_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(raw)
    bytes += raw.length
  }
  if (batch.length > 0) yield batch
}

/** Accounts whose balance or nonce a block may have changed, apart from its senders where they are named anyway. */
function changedAccounts(entry: ChainEntry, tree: BlockTree<ChainEntry>): Address[] {
  const changed: Address[] = []
  for (const { from, action } of entry.transactions) {
    changed.push(from)
    if (action.kind === 'TRANSFER') changed.push(action.to)
    if (action.kind === 'DEV_SET_BALANCE') changed.push(action.account)
  }
  // The block paid the chunk at its parent's head.
  const before = tree.get(entry.block.header.parentHash)?.state
  const cursor = before === undefined ? undefined : readRecord(before, payoutCursor, undefined)
  if (before !== undefined && cursor !== undefined) {
    for (const { worker } of readRecord(before, payouts, cursor.head) ?? []) changed.push(worker)
  }
  return changed
}
