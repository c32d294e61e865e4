/** Reading the chain: final blocks from the store, those above them from the block tree. The read side of `NodeApi`. */

import type { BlockTree } from '../consensus/chain/block-tree.ts'
import type { Block, Certificate, Header } from '../consensus/types.ts'
import { type Address, compareBytes, equalBytes, type Hash } from '../core/bytes.ts'
import { encodeMultiProof, proveKeys } from '../core/smt/index.ts'
import { nextBaseFee } from '../vm/fees.ts'
import type { ChainParams } from '../vm/params.ts'
import { epochSets, epochs } from '../vm/state/tables.ts'
import { readRecord, type StateReader } from '../vm/state/view.ts'
import { decodeEnvelope, decodeOptions, withSender } from '../vm/transaction/envelope.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import type { ExecutedBlock } from './api.ts'
import type { ChainStore } from './storage/chain-store.ts'
import type { ChainEntry } from './validator/entry.ts'
import { ChainHistory } from './vprog/chain-history.ts'
import type { VprogHistory } from './vprog/history.ts'

/** Final blocks kept decoded: clients ask for the newest again and again, each up to 2 MiB. */
const MAX_DECODED_BLOCKS = 32
/** And transactions in them, each a kilobyte or more once decoded: a full block (11,428 transfers on a devnet) and more. */
const MAX_DECODED_TRANSACTIONS = 16_384

export class ChainView {
  readonly #store: ChainStore
  readonly #tree: BlockTree<ChainEntry>
  readonly #params: ChainParams
  readonly #decoded = new Map<number, ExecutedBlock>()
  #decodedTransactions = 0
  readonly #tipCertificate: () => Certificate | undefined
  readonly vprogs: VprogHistory

  /** @param tipCertificate the notarization of the tip, while it is not final */
  constructor(
    store: ChainStore,
    tree: BlockTree<ChainEntry>,
    params: ChainParams,
    tipCertificate: () => Certificate | undefined,
  ) {
    this.#store = store
    this.#tree = tree
    this.#params = params
    this.#tipCertificate = tipCertificate
    this.vprogs = new ChainHistory(store, () => this.#branch())
  }

  latest(): Header & { readonly hash: Hash } {
    return headerWithHash(this.#tree.tip.block)
  }

  finalized(): Header & { readonly hash: Hash } {
    return headerWithHash(this.#store.head)
  }

  blockByHeight(height: number): ExecutedBlock | undefined {
    const entry = this.#open(height)
    return entry === undefined ? this.#final(height) : executed(entry, false)
  }

  blockByHash(hash: Hash): ExecutedBlock | undefined {
    const height = this.#store.heightOf(hash)
    if (height !== undefined) return this.#final(height)
    const entry = this.#tree.get(hash)
    return entry === undefined ? undefined : executed(entry, false)
  }

  transactionByHash(hash: Hash): { readonly executed: ExecutedBlock; readonly index: number } | undefined {
    const place = this.#store.transactionPlace(hash)
    const block = place === undefined ? undefined : this.#final(place.height)
    if (place !== undefined && block !== undefined) return { executed: block, index: place.index }
    for (const entry of this.#branch()) {
      const index = entry.transactions.findIndex((transaction) => equalBytes(transaction.hash, hash))
      if (index >= 0) return { executed: executed(entry, false), index }
    }
    return undefined
  }

  /** Undefined above the tip, and where it is pruned; a reader whose state is pruned later throws `BLOCK_PRUNED`. */
  stateAt(height: number): StateReader | undefined {
    const open = this.#open(height)?.state
    if (open !== undefined) return open
    return height < this.#store.held.statesFrom ? undefined : this.#store.stateAt(height)
  }

  async stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined> {
    const entry = this.#open(height)
    if (entry === undefined) {
      return height < this.#store.held.statesFrom ? undefined : this.#store.stateProof(height, treeKeys)
    }
    const keys = treeKeys.toSorted(compareBytes)
    return encodeMultiProof(proveKeys(entry.state.readNode, keys))
  }

  certificates(height: number): { readonly notarization?: Certificate; readonly finalization?: Certificate } {
    const branch = this.#branch()
    const at = branch.findIndex((entry) => entry.block.header.height === height)
    const notarization =
      at < 0
        ? this.#store.notarization(height)
        : at + 1 < branch.length
          ? branch[at + 1]!.block.parentCertificate
          : this.#tipCertificate()
    const finalization = at < 0 ? this.#store.finalization(height) : undefined
    return {
      ...(notarization === undefined ? {} : { notarization }),
      ...(finalization === undefined ? {} : { finalization }),
    }
  }

  validatorSet(epoch: number): ValidatorSet | undefined {
    return readRecord(this.#tree.tip.state, epochSets, epoch) ?? this.#past(epoch, epochSets)
  }

  epochRandomness(epoch: number): Hash | undefined {
    return (readRecord(this.#tree.tip.state, epochs, epoch) ?? this.#past(epoch, epochs))?.randomness
  }

  nextBaseFee(): bigint {
    return nextBaseFee(this.#tree.tip.block.header, this.#params.baseFeeFloorWei)
  }

  /** Records of an old epoch are deleted from the state but not from its history. */
  #past<Value>(epoch: number, table: Parameters<typeof readRecord<number, Value>>[1]): Value | undefined {
    const height = Number.isSafeInteger(epoch) && epoch >= 0 ? this.#store.epochEnd(epoch) : undefined
    const state = height === undefined ? undefined : this.stateAt(height)
    return state === undefined ? undefined : readRecord(state, table, epoch)
  }

  #branch(): readonly ChainEntry[] {
    return this.#tree.branch(this.#tree.tip.block.hash) ?? []
  }

  /** The block of the tip's branch at a height above the final one. */
  #open(height: number): ChainEntry | undefined {
    if (height <= this.#tree.final.block.header.height) return undefined
    return this.#branch().find((entry) => entry.block.header.height === height)
  }

  #final(height: number): ExecutedBlock | undefined {
    const known = this.#decoded.get(height)
    if (known !== undefined) return known
    const stored = height < this.#store.held.blocksFrom ? undefined : this.#store.blockAt(height)
    if (stored === undefined) return undefined
    const { block, receipts, senders } = stored
    const options = decodeOptions(this.#params)
    const transactions = block.transactions.map((raw, i) => {
      const from: Address = senders[i]!
      return withSender(decodeEnvelope(raw, this.#params.chainId, options), from)
    })
    const answer: ExecutedBlock = { block, transactions, receipts, final: true }
    this.#remember(height, answer)
    return answer
  }

  #remember(height: number, block: ExecutedBlock): void {
    this.#decoded.set(height, block)
    this.#decodedTransactions += block.transactions.length
    for (const [oldest, { transactions }] of this.#decoded) {
      const isFull = this.#decoded.size > MAX_DECODED_BLOCKS || this.#decodedTransactions > MAX_DECODED_TRANSACTIONS
      if (!isFull || oldest === height) break
      this.#decoded.delete(oldest)
      this.#decodedTransactions -= transactions.length
    }
  }
}

export const executed = ({ block, transactions, receipts }: ChainEntry, final: boolean): ExecutedBlock => ({
  block,
  transactions,
  receipts,
  final,
})

const headerWithHash = (block: Block): Header & { readonly hash: Hash } => ({ ...block.header, hash: block.hash })
