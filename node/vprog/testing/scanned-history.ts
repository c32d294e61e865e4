/** The history by the plainest way there is: every block from the first one here to the tip is looked at for every question. */
import { type Address, compareBytes, equalBytes, type Hash } from '../../../core/bytes.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import type { NodeApi } from '../../api.ts'
import { comparePlaces, type TransactionPlace, type VprogHistory } from '../history.ts'

interface Found {
  readonly place: TransactionPlace
  readonly body: CovenantBody
  readonly from: Address
  readonly nonce: number
}

export class ScannedHistory implements VprogHistory {
  readonly #node: Pick<NodeApi, 'holdings' | 'latest' | 'blockByHeight'>

  constructor(node: Pick<NodeApi, 'holdings' | 'latest' | 'blockByHeight'>) {
    this.#node = node
  }

  #transactions(): Found[] {
    const all: Found[] = []
    const top = this.#node.latest().height
    for (let height = this.#node.holdings().blocksFrom; height <= top; height++) {
      const { transactions, receipts } = this.#node.blockByHeight(height)!
      for (const [index, { action, from, nonce }] of transactions.entries()) {
        if (receipts[index]!.status !== 1 || (action.kind !== 'LANE' && action.kind !== 'COVENANT')) continue
        all.push({ place: { height, index }, body: action, from, nonce })
      }
    }
    return all
  }

  #find(isIt: (found: Found) => boolean): TransactionPlace | undefined {
    return this.#transactions().find(isIt)?.place
  }

  async laneHeights(key: Hash, from: number, to: number, limit: number): Promise<number[]> {
    const heights = this.#transactions()
      .filter(({ body: { laneId } }) => laneId !== undefined && equalBytes(laneKey(laneId), key))
      .map(({ place: { height } }) => height)
    return [...new Set(heights)].filter((height) => height >= from && height <= to).slice(0, limit)
  }

  async covenantTransactions(
    covenantId: Hash,
    after: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]> {
    return this.#transactions()
      .filter(({ body }) =>
        body.outputs.some(({ binding }) => binding !== undefined && equalBytes(binding.covenantId, covenantId)),
      )
      .map(({ place }) => place)
      .filter((place) => after === undefined || comparePlaces(place, after) > 0)
      .slice(0, limit)
  }

  async newestLaneHeights(key: Hash, to: number, limit: number): Promise<number[]> {
    return (await this.laneHeights(key, 0, to, Number.POSITIVE_INFINITY)).toReversed().slice(0, limit)
  }

  async newestCovenantTransactions(
    covenantId: Hash,
    before: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]> {
    const all = await this.covenantTransactions(covenantId, undefined, Number.POSITIVE_INFINITY)
    return all
      .filter((place) => before === undefined || comparePlaces(place, before) < 0)
      .toReversed()
      .slice(0, limit)
  }

  async covenantIds(after: Hash | undefined, limit: number): Promise<Hash[]> {
    const ids = this.#transactions()
      .flatMap(({ body }) => body.outputs.flatMap(({ binding }) => (binding === undefined ? [] : [binding.covenantId])))
      .toSorted(compareBytes)
    return ids
      .filter((id, i) => i === 0 || !equalBytes(id, ids[i - 1]!))
      .filter((id) => after === undefined || compareBytes(id, after) > 0)
      .slice(0, limit)
  }

  spentBy({ txId, index }: Outpoint): TransactionPlace | undefined {
    return this.#find(({ body }) =>
      body.inputs.some(({ outpoint }) => outpoint.index === index && equalBytes(outpoint.txId, txId)),
    )
  }

  transactionByKipId(wanted: Hash): TransactionPlace | undefined {
    return this.#find(({ body, from, nonce }) => equalBytes(transactionId(kipTransaction(body, from, nonce)), wanted))
  }
}
