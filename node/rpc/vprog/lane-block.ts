/** What a block did to one lane. */
import { equalBytes, type Hash, toHex } from '../../../core/bytes.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import { type LaneActivity, laneKey } from '../../../vm/lanes/hashing.ts'
import type { ExecutedBlock } from '../../api.ts'
import { isVprog, type VprogTransaction } from './covenant-chain.ts'

export interface LaneTransaction extends LaneActivity {
  readonly transaction: VprogTransaction
}

/** Those that succeeded, in the block's order. */
export function laneTransactions(executed: ExecutedBlock | undefined, key: Hash): LaneTransaction[] {
  const found: LaneTransaction[] = []
  for (const [index, transaction] of (executed?.transactions ?? []).entries()) {
    if (!isVprog(transaction) || executed?.receipts[index]?.status !== 1) continue
    const { action, from, nonce } = transaction
    if (action.laneId === undefined || !equalBytes(laneKey(action.laneId), key)) continue
    const seen = kipTransaction(action, from, nonce)
    found.push({ transaction, txId: transactionId(seen), version: seen.version, mergeIndex: index })
  }
  return found
}

export const blockPlace = ({ block: { header, hash } }: ExecutedBlock) => ({
  height: header.height,
  block_hash: toHex(hash),
  seq_commit: toHex(header.seqCommit),
})
