/** Asks the index and whoever looks at every block the same questions, about everything that a chain ever held. */
import { expect } from 'vitest'
import type { Hash } from '../../../core/bytes.ts'
import { type KvOperation, MemoryStore } from '../../../core/kv.ts'
import type { Random } from '../../../core/random.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import type { NodeApi } from '../../api.ts'
import { MAX_HISTORY_ROWS, type TransactionPlace, type VprogHistory } from '../history.ts'
import { ScannedHistory } from './scanned-history.ts'

type Asked = Pick<NodeApi, 'vprogs' | 'holdings' | 'latest' | 'blockByHeight'>

/** As LevelDB: reads meet what is written before the writer hears of it. */
export class EarlyStore extends MemoryStore {
  beforeAnswer: () => Promise<void> = async () => undefined

  override async write(operations: readonly KvOperation[]): Promise<void> {
    await super.write(operations)
    await this.beforeAnswer()
  }
}

/** More than one block of these chains holds. */
const MAX_INDEX = 6
/** Questions of one kind at a time. */
const QUESTIONS = 6

export class Asker {
  readonly #random: Random
  readonly #lanes: Hash[] = []
  readonly #covenants: Hash[] = []
  readonly #outpoints: Outpoint[] = []
  readonly #txIds: Hash[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Of a block on whatever branch; what failed is asked about as well. */
  learn(transactions: readonly Transaction[]): void {
    for (const { action, from, nonce } of transactions) {
      if (action.kind !== 'LANE' && action.kind !== 'COVENANT') continue
      if (action.laneId !== undefined) this.#lanes.push(laneKey(action.laneId))
      this.#txIds.push(transactionId(kipTransaction(action, from, nonce)))
      for (const { outpoint } of action.inputs) this.#outpoints.push(outpoint)
      for (const { binding } of action.outputs) if (binding !== undefined) this.#covenants.push(binding.covenantId)
    }
  }

  /** Asked at one moment, answered as the answers come. */
  async ask(node: Asked): Promise<void> {
    const random = this.#random
    const scan = new ScannedHistory(node)
    const asked: Promise<unknown>[] = []
    const same = (question: (history: VprogHistory) => unknown): void => {
      const answers = Promise.all([question(node.vprogs), question(scan)])
      asked.push(answers.then(([found, wanted]) => expect(found).toEqual(wanted)))
    }
    const heights = node.latest().height + 3
    const limit = random.pick([1, 3, MAX_HISTORY_ROWS])
    const place = (): TransactionPlace => ({ height: random.below(heights), index: random.below(MAX_INDEX) })
    for (const lane of random.sample(this.#lanes, QUESTIONS)) {
      const [from, to] = [random.below(heights), random.pick([heights, random.below(heights)])]
      same((history) => history.laneHeights(lane, from, to, limit))
      same((history) => history.newestLaneHeights(lane, to, limit))
    }
    for (const id of random.sample(this.#covenants, QUESTIONS)) {
      const at = random.chance(0.5) ? undefined : place()
      same((history) => history.covenantTransactions(id, at, limit))
      same((history) => history.newestCovenantTransactions(id, at, limit))
    }
    same((history) => history.covenantIds(undefined, limit))
    for (const id of random.sample(this.#covenants, 1)) same((history) => history.covenantIds(id, limit))
    for (const outpoint of random.sample(this.#outpoints, QUESTIONS)) same((history) => history.spentBy(outpoint))
    for (const txId of random.sample(this.#txIds, QUESTIONS)) same((history) => history.transactionByKipId(txId))
    await Promise.all(asked)
  }
}
