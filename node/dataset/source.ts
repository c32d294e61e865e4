/** The chain as datasets read it: the final blocks of a stopped node's store, with their states. */
import type { Block, Certificate } from '../../consensus/types.ts'
import { assert } from '../../core/errors.ts'
import type { ExecutionRules, Receipt } from '../../vm/execution/types.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { type ChainParams, epochOf } from '../../vm/params.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import { decodeEnvelope, decodeOptions, withSender } from '../../vm/transaction/envelope.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { ChainStore } from '../storage/chain-store.ts'

export interface ReadBlock {
  readonly block: Block
  readonly transactions: readonly Transaction[]
  readonly receipts: readonly Receipt[]
}

/** Blocks kept decoded: each is asked for as itself, as a parent and as a child. */
const BLOCKS_KEPT = 4
/** An epoch and its neighbours. */
const EPOCHS_KEPT = 8

export class DatasetSource {
  readonly genesis: Genesis
  readonly rules: ExecutionRules
  readonly #chain: ChainStore
  readonly #blocks = new Map<number, ReadBlock>()
  readonly #sets = new Map<number, ValidatorSet>()
  readonly #difficulties = new Map<number, bigint>()

  constructor(chain: ChainStore, genesis: Genesis, rules: ExecutionRules) {
    this.#chain = chain
    this.genesis = genesis
    this.rules = rules
  }

  get params(): ChainParams {
    return this.rules.params
  }

  /** Height of the newest block. */
  get newest(): number {
    return this.#chain.head.header.height
  }

  get blocksFrom(): number {
    return this.#chain.held.blocksFrom
  }

  /** @throws QuernError `BLOCK_PRUNED` */
  block(height: number): ReadBlock {
    const known = this.#blocks.get(height)
    if (known !== undefined) return known
    const stored = this.#chain.blockAt(height)
    assert(stored !== undefined, 'no dataset goes beyond the newest block', { height })
    const { block, receipts, senders } = stored
    const { chainId } = this.params
    const options = decodeOptions(this.params)
    const transactions = block.transactions.map((raw, i) =>
      withSender(decodeEnvelope(raw, chainId, options), senders[i]!),
    )
    const read = { block, transactions, receipts }
    remember(this.#blocks, height, read, BLOCKS_KEPT)
    return read
  }

  /** After a block. @throws QuernError `BLOCK_PRUNED` */
  state(height: number): StateReader {
    const state = this.#chain.stateAt(height)
    assert(state !== undefined, 'no dataset goes beyond the newest block', { height })
    return state
  }

  certificates(height: number): Record<'notarization' | 'finalization', Certificate | undefined> {
    return { notarization: this.#chain.notarization(height), finalization: this.#chain.finalization(height) }
  }

  /** The voters of the block's epoch. @throws QuernError `BLOCK_PRUNED` */
  setOf({ epoch, height }: Block['header']): ValidatorSet {
    let set = this.#sets.get(epoch)
    if (set === undefined) {
      set = readRecord(this.state(height), epochSets, epoch)
      assert(set !== undefined, 'the state has no validator set of this epoch', { epoch })
      remember(this.#sets, epoch, set, EPOCHS_KEPT)
    }
    return set
  }

  /** D of the epoch that the block belongs to, in MACs. @throws QuernError `BLOCK_PRUNED` */
  difficultyAt(height: number): bigint {
    const epoch = epochOf(height, this.params)
    const known = this.#difficulties.get(epoch)
    if (known !== undefined) return known
    const { difficulty } = this.block(height).block.header
    remember(this.#difficulties, epoch, difficulty, EPOCHS_KEPT)
    return difficulty
  }
}

/** The oldest makes room. */
function remember<T>(kept: Map<number, T>, key: number, value: T, max: number): void {
  if (kept.size >= max) kept.delete(kept.keys().next().value!)
  kept.set(key, value)
}
