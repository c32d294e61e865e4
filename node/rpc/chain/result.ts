/** Compute results as `poc_` methods give them. PROTOCOL 4.3, 6.1. */
import { type ComputeResultJson, computeResultJson } from '../../../vm/compute-root.ts'
import type { ComputeResult, Transaction } from '../../../vm/transaction/types.ts'
import type { ExecutedBlock } from '../../api.ts'
import { Type } from '../method.ts'
import { Bech32Address, Integer, Nullable } from '../schema.ts'

const BareHex = Type.String({ pattern: '^([0-9a-f]{2})*$', description: 'lower-case hex without 0x' })
const HASH_PATTERN = '^[0-9a-f]{64}$'
export const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

/** Exactly the hashed keys in the hashed order: `JSON.stringify` of the object is the leaf's text. */
export const ComputeResultObject = Type.Object(
  {
    task_id: Type.String({ pattern: UUID_PATTERN }),
    worker_address: Bech32Address,
    result_hash: Type.String({ pattern: HASH_PATTERN, description: '64 hex digits without 0x' }),
    proof: Nullable(BareHex),
    nonce: Integer,
    signature: Nullable(BareHex),
  },
  { additionalProperties: false },
)

export interface PlacedResult {
  readonly transaction: Transaction
  readonly result: ComputeResult
  readonly json: ComputeResultJson
}

/** The block's successful results, in the order of its compute tree. */
export function resultsOf({ transactions, receipts }: ExecutedBlock): PlacedResult[] {
  const results: PlacedResult[] = []
  for (const [i, transaction] of transactions.entries()) {
    const { action } = transaction
    if (action.kind !== 'SUBMIT_RESULT' || receipts[i]?.status !== 1) continue
    results.push({ transaction, result: action.result, json: computeResultJson(action.result) })
  }
  return results
}
