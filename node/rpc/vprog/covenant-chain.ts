/**
 * The transactions of covenants, found in the chain. What the index names is looked up and held against it, so that what a
 * rollback took away between two looks is not there, and nothing else stands in its place.
 */
import { equalBytes, type Hash } from '../../../core/bytes.ts'
import { type CovenantRecord, covenants, type OutputRecord, outputs } from '../../../vm/covenant/tables.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { KipTransaction, Outpoint } from '../../../vm/kip/types.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import type { Action, Transaction } from '../../../vm/transaction/types.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import type { TransactionPlace, VprogHistory } from '../../vprog/history.ts'
import { prunedBlock } from '../block-ref.ts'
import { notFound } from '../errors.ts'
import { outpointText, placeCursor } from './place.ts'

export type VprogTransaction = Transaction & { readonly action: Extract<Action, { kind: 'LANE' | 'COVENANT' }> }

export const isVprog = (transaction: Transaction): transaction is VprogTransaction =>
  transaction.action.kind === 'LANE' || transaction.action.kind === 'COVENANT'

/** One that succeeded, in its block. */
export interface PlacedTransaction {
  readonly place: TransactionPlace
  readonly executed: ExecutedBlock
  readonly transaction: VprogTransaction
  /** As scripts see it; outpoints name it by `txId`. */
  readonly kip: KipTransaction
  readonly txId: Hash
}

type Chain = Pick<NodeApi, 'latest' | 'holdings' | 'blockByHeight' | 'stateAt' | 'vprogs'>

/** For one call: what it has looked up it keeps. */
export class CovenantChain {
  readonly node: Chain
  /** After the block that was the tip when the call came. */
  readonly state: StateReader
  readonly #known = new Map<string, PlacedTransaction | undefined>()

  /** @throws RpcError `BLOCK_PRUNED` */
  constructor(node: Chain) {
    const { height } = node.latest()
    const state = node.stateAt(height)
    if (state === undefined) throw prunedBlock(node, height, 'state')
    this.node = node
    this.state = state
  }

  get history(): VprogHistory {
    return this.node.vprogs
  }

  record(id: Hash): CovenantRecord | undefined {
    return readRecord(this.state, covenants, id)
  }

  /** @throws RpcError `COVENANT_UNKNOWN` */
  requireRecord(id: Hash): CovenantRecord {
    const record = this.record(id)
    if (record === undefined) throw notFound('COVENANT_UNKNOWN', 'this chain has no covenant of this id')
    return record
  }

  /** While it is unspent. */
  output(outpoint: Outpoint): OutputRecord | undefined {
    return readRecord(this.state, outputs, outpoint)
  }

  at(place: TransactionPlace): PlacedTransaction | undefined {
    const name = placeCursor(place)
    if (!this.#known.has(name)) this.#known.set(name, this.#look(place))
    return this.#known.get(name)
  }

  #look(place: TransactionPlace): PlacedTransaction | undefined {
    const executed = this.node.blockByHeight(place.height)
    const transaction = executed?.transactions[place.index]
    if (executed === undefined || transaction === undefined || !isVprog(transaction)) return undefined
    if (executed.receipts[place.index]?.status !== 1) return undefined
    const kip = kipTransaction(transaction.action, transaction.from, transaction.nonce)
    return { place, executed, transaction, kip, txId: transactionId(kip) }
  }

  /** Undefined for accounts, and for what lies in blocks that this node no longer holds. */
  makerOf({ txId }: Outpoint): PlacedTransaction | undefined {
    const place = this.history.transactionByKipId(txId)
    const found = place === undefined ? undefined : this.at(place)
    return found !== undefined && equalBytes(found.txId, txId) ? found : undefined
  }

  spenderOf(outpoint: Outpoint): PlacedTransaction | undefined {
    const place = this.history.spentBy(outpoint)
    const found = place === undefined ? undefined : this.at(place)
    return found !== undefined && spendsAt(found, outpoint) >= 0 ? found : undefined
  }
}

/** Which input spends it; -1 where none does. */
export const spendsAt = ({ kip }: PlacedTransaction, outpoint: Outpoint): number => {
  const name = outpointText(outpoint)
  return kip.inputs.findIndex((input) => outpointText(input.outpoint) === name)
}

/** Indexes of the outputs that are bound to the covenant. */
export const boundOutputs = ({ kip }: PlacedTransaction, id: Hash): number[] =>
  kip.outputs.flatMap(({ binding }, i) => (binding !== undefined && equalBytes(binding.covenantId, id) ? [i] : []))
