/**
 * The same transactions under other rules: what a chain would have come to with another split of rewards, another kappa, other
 * fees, limits or difficulty. Nobody agreed on such a chain, so no root is compared; everything else is the real execution.
 *
 * Kept from the real chain: proposers, views, times, reveals, who voted, block hashes, since the seeds of results are made of
 * them, and commitments to lanes, which settlements prove up to. Transactions come in their own block and order. What has no room waits, in order, for the next blocks, as in a
 * mempool; what may be in no block is dropped; both are counted. Users do not change their minds: nobody offers more for
 * dearer gas, and nobody searches for results that a lower difficulty would have let win. So read differences as what the rules
 * do by themselves, before anybody answers to them.
 */
import { type Address, type Hash, hexKey } from '../core/bytes.ts'
import { BlockExecution } from '../vm/execution/execution.ts'
import type { BlockContext, BlockOutcome, ExecutionRules, Receipt } from '../vm/execution/types.ts'
import { nextBaseFee } from '../vm/fees.ts'
import { leaderOf } from '../vm/leader.ts'
import { emissionWei, splitEmission } from '../vm/rewards.ts'
import { carry, epochs, payoutCursor, payouts, validators } from '../vm/state/tables.ts'
import { readRecord, type StateReader, type StateWrite } from '../vm/state/view.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { totalPower } from '../vm/validator-set.ts'
import { envelopeSize, MAX_BLOCK_BYTES } from './block.ts'
import { blockContext, epochSetup } from './context.ts'
import type { Block } from './types.ts'

/** The state of the other chain. */
export interface OtherState extends StateReader {
  keep(writes: readonly StateWrite[]): void | Promise<void>
}

/** One block of the real chain. */
export interface RealBlock {
  readonly block: Block
  readonly parent: Block
  /** The state before it. */
  readonly before: StateReader
  readonly transactions: readonly Transaction[]
  readonly receipts: readonly Receipt[]
}

/** There, and under the other rules. */
export interface Pair<T> {
  real: T
  other: T
}

export interface LeftOut {
  readonly height: number
  readonly hash: Hash
  readonly code: string
}

export interface Overflow {
  readonly height: number
  /** Transactions that had to wait. */
  readonly waiting: number
  readonly lacked: string
}

export interface WhatIfReport {
  /** Blocks, by who leads or led their views. */
  readonly led: ReadonlyMap<string, Pair<number>>
  /** Blocks whose view somebody else would have led. */
  readonly otherLeader: number
  /** Wei, by address in hex: rewards of votes, of led blocks with their priority fees, and pay-outs of workers. */
  readonly validatorWei: ReadonlyMap<string, Pair<bigint>>
  readonly workerWei: ReadonlyMap<string, Pair<bigint>>
  readonly transactions: Pair<number>
  readonly failed: Pair<number>
  readonly results: Pair<number>
  readonly gasUsed: Pair<number>
  readonly gramUsed: Pair<number>
  readonly highestBaseFee: Pair<bigint>
  /** By epoch, where it is not the same. */
  readonly difficultyMacs: ReadonlyMap<number, Pair<bigint>>
  readonly overflows: readonly Overflow[]
  readonly overflowCount: number
  /** Of what no block could hold, by code, and the first of them. */
  readonly dropped: ReadonlyMap<string, number>
  readonly firstDropped: readonly LeftOut[]
  /** Transactions whose receipt says something else, by `real -> other`. */
  readonly changed: ReadonlyMap<string, number>
  /** At the end. */
  readonly stillWaiting: number
}

/** A mempool's worth. Beyond it the newest is dropped. */
const MAX_WAITING = 20_000
/** Longer lists say nothing more to a reader. */
const MAX_LISTED = 100
/** For the header and certificate. */
const BODY_BYTES = MAX_BLOCK_BYTES - 2_048

export class WhatIf {
  readonly #rules: ExecutionRules
  readonly #real: ExecutionRules
  readonly #state: OtherState
  #fee: { readonly baseFeePerGas: bigint; readonly gasUsed: number } | undefined
  #waiting: Transaction[] = []
  /** Status of what is in a block of the real chain and not yet in one of the other, by hash. */
  readonly #realStatus = new Map<string, string>()
  readonly #led = new Map<string, Pair<number>>()
  readonly #validatorWei = new Map<string, Pair<bigint>>()
  readonly #workerWei = new Map<string, Pair<bigint>>()
  readonly #difficulty = new Map<number, Pair<bigint>>()
  readonly #dropped = new Map<string, number>()
  readonly #changed = new Map<string, number>()
  readonly #overflows: Overflow[] = []
  readonly #firstDropped: LeftOut[] = []
  readonly #counts = {
    transactions: { real: 0, other: 0 },
    failed: { real: 0, other: 0 },
    results: { real: 0, other: 0 },
    gasUsed: { real: 0, other: 0 },
    gramUsed: { real: 0, other: 0 },
    highestBaseFee: { real: 0n, other: 0n },
  }
  #overflowCount = 0
  #otherLeader = 0

  /** @param state begins as the real chain's before the first block */
  constructor(real: ExecutionRules, rules: ExecutionRules, state: OtherState) {
    this.#real = real
    this.#rules = rules
    this.#state = state
  }

  /** @throws QuernError `ASSERTION_FAILED` where the other rules lead to a state that cannot be */
  async block(real: RealBlock): Promise<void> {
    const context = this.#context(real)
    this.#countLeaders(real)
    const execution = new BlockExecution(this.#state, context, this.#rules)
    const included = this.#fill(execution, real, context.height)
    const outcome = execution.finish()
    this.#countOutcome(real, context, included, outcome)
    this.#fee = { baseFeePerGas: context.baseFeePerGas, gasUsed: outcome.gasUsed }
    await this.#state.keep(outcome.writes)
  }

  report(): WhatIfReport {
    const differing = [...this.#difficulty].filter(([, { real, other }]) => real !== other)
    return {
      ...this.#counts,
      led: this.#led,
      otherLeader: this.#otherLeader,
      validatorWei: this.#validatorWei,
      workerWei: this.#workerWei,
      difficultyMacs: new Map(differing),
      overflows: this.#overflows,
      overflowCount: this.#overflowCount,
      dropped: this.#dropped,
      firstDropped: this.#firstDropped,
      changed: this.#changed,
      stillWaiting: this.#waiting.length,
    }
  }

  #context({ block, parent, before }: RealBlock): BlockContext {
    const { header } = block
    const { params } = this.#rules
    const above = this.#fee ?? parent.header
    const baseFeePerGas = nextBaseFee({ ...above, gasLimit: params.gasLimit }, params.baseFeeFloorWei)
    const context = blockContext({ ...header, baseFeePerGas }, parent, block.parentCertificate)
    return {
      ...context,
      proposer: this.#isValidator(header.proposer) ? header.proposer : this.#leader(this.#state, header),
      parentSigners: this.#signersHere(context, before),
    }
  }

  #isValidator = (address: Address): boolean => readRecord(this.#state, validators, address) !== undefined

  #leader(state: StateReader, { epoch, view }: { readonly epoch: number; readonly view: number }): Address {
    const { set, randomness } = epochSetup(state, epoch)
    return set.members[leaderOf(set, randomness, view)]!.address
  }

  /** Those who voted and are in the set here too. */
  #signersHere({ parent, parentSigners }: BlockContext, before: StateReader): number[] {
    const there = epochSetup(before, parent.epoch).set.members
    const signed = new Set(parentSigners.map((index) => hexKey(there[index]!.address)))
    const here = epochSetup(this.#state, parent.epoch).set.members
    return here.flatMap(({ address }, index) => (signed.has(hexKey(address)) ? [index] : []))
  }

  #fill(execution: BlockExecution, { transactions, receipts }: RealBlock, height: number): Transaction[] {
    for (const [i, { hash }] of transactions.entries()) this.#realStatus.set(hexKey(hash), receipts[i]!.error ?? 'done')
    const included: Transaction[] = []
    const waiting: Transaction[] = []
    const behind = new Set<string>()
    let lacked: string | undefined
    let room = BODY_BYTES
    for (const tx of [...this.#waiting, ...transactions]) {
      const sender = hexKey(tx.from)
      const size = envelopeSize(tx.raw)
      const applied = behind.has(sender) ? undefined : size > room ? { full: 'bytes' } : execution.apply(tx)
      if (applied !== undefined && 'receipt' in applied) {
        included.push(tx)
        room -= size
      } else if (applied !== undefined && 'refusal' in applied) {
        this.#drop(tx, height, applied.refusal.code)
      } else if (waiting.length >= MAX_WAITING) {
        this.#drop(tx, height, 'WAITED_TOO_LONG')
      } else {
        behind.add(sender)
        waiting.push(tx)
        lacked ??= applied?.full
      }
    }
    this.#waiting = waiting
    if (lacked !== undefined) {
      this.#overflowCount++
      if (this.#overflows.length < MAX_LISTED) this.#overflows.push({ height, waiting: waiting.length, lacked })
    }
    return included
  }

  #drop({ hash }: Transaction, height: number, code: string): void {
    this.#realStatus.delete(hexKey(hash))
    this.#dropped.set(code, (this.#dropped.get(code) ?? 0) + 1)
    if (this.#firstDropped.length < MAX_LISTED) this.#firstDropped.push({ height, hash, code })
  }

  #countLeaders({ block, before }: RealBlock): void {
    const { header } = block
    const other = this.#leader(this.#state, header)
    add(this.#led, hexKey(header.proposer), 'real', 1, 0)
    add(this.#led, hexKey(other), 'other', 1, 0)
    if (hexKey(other) !== hexKey(header.proposer)) this.#otherLeader++
    const difficulty = (state: StateReader): bigint => readRecord(state, epochs, header.epoch)?.difficultyMacs ?? 0n
    this.#difficulty.set(header.epoch, { real: difficulty(before), other: difficulty(this.#state) })
  }

  #countOutcome(real: RealBlock, context: BlockContext, included: readonly Transaction[], outcome: BlockOutcome): void {
    const { block, before, transactions, receipts, parent } = real
    const { header } = block
    const counts = this.#counts
    for (const [i, { hash }] of included.entries()) {
      const id = hexKey(hash)
      const status = `${this.#realStatus.get(id)} -> ${outcome.receipts[i]!.error ?? 'done'}`
      this.#realStatus.delete(id)
      const [was, is] = status.split(' -> ')
      if (was !== is) this.#changed.set(status, (this.#changed.get(status) ?? 0) + 1)
    }
    const failures = (list: readonly Receipt[]): number => list.filter(({ status }) => status === 0).length
    counts.transactions.real += transactions.length
    counts.transactions.other += included.length
    counts.failed.real += failures(receipts)
    counts.failed.other += failures(outcome.receipts)
    counts.results.real += header.resultCount
    counts.results.other += outcome.results.length
    counts.gasUsed.real += header.gasUsed
    counts.gasUsed.other += outcome.gasUsed
    counts.gramUsed.real += header.gramUsed
    counts.gramUsed.other += outcome.gramUsed
    counts.highestBaseFee.real = max(counts.highestBaseFee.real, header.baseFeePerGas)
    counts.highestBaseFee.other = max(counts.highestBaseFee.other, context.baseFeePerGas)
    const realContext = blockContext(header, parent, block.parentCertificate)
    this.#earn('real', before, realContext, receipts, this.#real)
    this.#earn('other', this.#state, context, outcome.receipts, this.#rules)
  }

  /** As vm/rewards.ts and the queue of pay-outs hand it out in this block. */
  #earn(
    side: keyof Pair<unknown>,
    state: StateReader,
    context: BlockContext,
    receipts: readonly Receipt[],
    { params }: ExecutionRules,
  ): void {
    const { set } = epochSetup(state, context.parent.epoch)
    const signers = context.parentSigners.map((index) => set.members[index]!)
    const split = splitEmission({
      emissionWei: emissionWei(context.height, params),
      carryWei: readRecord(state, carry, undefined) ?? 0n,
      signerPowers: signers.map(({ power }) => power),
      totalPower: totalPower(set),
      params,
    })
    for (const [i, { address }] of signers.entries())
      add(this.#validatorWei, hexKey(address), side, split.votersWei[i]!, 0n)
    const priorityWei = receipts.reduce(
      (sum, { gasUsed, gramUsed, effectiveGasPrice }) =>
        sum + BigInt(gasUsed + gramUsed) * (effectiveGasPrice - context.baseFeePerGas),
      0n,
    )
    add(this.#validatorWei, hexKey(context.proposer), side, split.leaderWei + priorityWei, 0n)
    const cursor = readRecord(state, payoutCursor, undefined)
    const due =
      cursor === undefined || cursor.head >= cursor.tail ? [] : (readRecord(state, payouts, cursor.head) ?? [])
    for (const { worker, amountWei } of due) add(this.#workerWei, hexKey(worker), side, amountWei, 0n)
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

function add<T extends number | bigint>(
  map: Map<string, Pair<T>>,
  id: string,
  side: keyof Pair<T>,
  amount: T,
  zero: T,
): void {
  const pair = map.get(id) ?? { real: zero, other: zero }
  pair[side] = ((pair[side] as bigint) + (amount as bigint)) as T
  map.set(id, pair)
}
