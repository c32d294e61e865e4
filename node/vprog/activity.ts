/**
 * What the transactions of a block did to lanes and covenants. All of it follows from their bodies, their senders and
 * whether they succeeded, without the state: a body names its lane, what it spends, and the covenant of every output that
 * is bound to one, the outputs that begin it included.
 */
import { type Address, equalBytes, type Hash } from '../../core/bytes.ts'
import { decodeRlp, rlpList, rlpNumber } from '../../core/rlp.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import { laneKey } from '../../vm/lanes/hashing.ts'
import { covenantBody, laneBody } from '../../vm/transaction/bodies/covenant.ts'
import { NATIVE_TYPE_BYTE } from '../../vm/transaction/native.ts'
import { KIND, type Transaction } from '../../vm/transaction/types.ts'

/** Of one transaction that succeeded. */
export interface VprogActivity {
  /** Of the transaction in its block. */
  readonly index: number
  /** In the KIP's form. */
  readonly txId: Hash
  readonly laneKey: Hash | undefined
  /** Covenants of the outputs that it made, each once. */
  readonly covenantIds: readonly Hash[]
  readonly spent: readonly Outpoint[]
}

export type ActingTransaction = Pick<Transaction, 'action' | 'from' | 'nonce'>

/** @param transactions of a block, in its order; undefined where one is of another kind than 16 and 17 */
export function vprogActivity(
  transactions: readonly (ActingTransaction | undefined)[],
  receipts: readonly Pick<Receipt, 'status'>[],
): VprogActivity[] {
  const found: VprogActivity[] = []
  for (const [index, transaction] of transactions.entries()) {
    if (transaction === undefined || receipts[index]?.status !== 1) continue
    const { action, from, nonce } = transaction
    if (action.kind === 'LANE' || action.kind === 'COVENANT') found.push(activityOf(index, action, from, nonce))
  }
  return found
}

function activityOf(index: number, body: CovenantBody, from: Address, nonce: number): VprogActivity {
  const covenantIds: Hash[] = []
  for (const { binding } of body.outputs) {
    if (binding === undefined || covenantIds.some((id) => equalBytes(id, binding.covenantId))) continue
    covenantIds.push(binding.covenantId)
  }
  return {
    index,
    txId: transactionId(kipTransaction(body, from, nonce)),
    laneKey: body.laneId === undefined ? undefined : laneKey(body.laneId),
    covenantIds,
    spent: body.inputs.map(({ outpoint }) => outpoint),
  }
}

/** @param raw an envelope of a block that was checked @returns undefined for other kinds than 16 and 17 */
export function readVprogEnvelope(raw: Uint8Array): Omit<ActingTransaction, 'from'> | undefined {
  if (raw[0] !== NATIVE_TYPE_BYTE) return undefined
  const [, nonce, , , , kind, body = []] = rlpList(decodeRlp(raw.subarray(1)), 10)
  switch (rlpNumber(kind)) {
    case KIND.LANE:
      return { nonce: rlpNumber(nonce), action: laneBody.decode(body) }
    case KIND.COVENANT:
      return { nonce: rlpNumber(nonce), action: covenantBody.decode(body) }
    default:
      return undefined
  }
}
