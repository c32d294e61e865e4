/** The transactions that made outputs of a covenant, page by page, oldest first. */
import type { Hash } from '../../../core/bytes.ts'
import type { CovenantRecord } from '../../../vm/covenant/tables.ts'
import type { TransactionPlace } from '../../vprog/history.ts'
import { prunedBlock } from '../block-ref.ts'
import type { CovenantChain, PlacedTransaction } from './covenant-chain.ts'

/** Of one page of the index: each is a block to read before anything else gets a turn. */
const PAGE = 16

/**
 * @param after where to go on; undefined begins with the genesis
 * @throws RpcError `BLOCK_PRUNED` where that lies in blocks that this node no longer holds
 */
export async function* lineage(
  chain: CovenantChain,
  id: Hash,
  record: CovenantRecord,
  after: TransactionPlace | undefined,
): AsyncGenerator<PlacedTransaction> {
  const from = after?.height ?? record.genesisHeight
  if (from < chain.node.holdings().blocksFrom) throw prunedBlock(chain.node, from)
  for (let last = after; ; ) {
    const places = await chain.history.covenantTransactions(id, last, PAGE)
    for (const place of places) {
      const made = chain.at(place)
      if (made !== undefined) yield made
    }
    if (places.length < PAGE) return
    last = places.at(-1)
  }
}
