/** A transaction of kind 16 or 17 as a node shows it, with what its outputs are called. */
import { fromHex, type Hash } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { decodeRlp } from '../../../core/rlp.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import { covenantBody, laneBody } from '../../../vm/transaction/bodies/covenant.ts'
import { KIND } from '../../../vm/transaction/types.ts'
import type { RpcClient } from '../rpc-client.ts'
import type { Withdrawn } from './withdrawal.ts'

export interface ShownTransaction {
  readonly body: CovenantBody
  /** In the KIP's form. */
  readonly txId: Hash
  readonly height: number
  /** Those that belong to no covenant. */
  readonly plainOutputs: readonly Withdrawn[]
}

interface TransactionView {
  readonly input: string
  readonly from: string
  readonly nonce: string
  readonly blockNumber: string | null
}

/** @throws QuernError `TX_UNKNOWN`, `TX_NOT_INCLUDED`, `TX_KIND_OTHER` */
export async function shownTransaction(client: RpcClient, hash: string): Promise<ShownTransaction> {
  const shown = await client.call<TransactionView | null>('eth_getTransactionByHash', [hash])
  if (shown === null) throw new QuernError('TX_UNKNOWN', 'no such transaction in a block or in the mempool')
  if (shown.blockNumber === null) throw new QuernError('TX_NOT_INCLUDED', 'it is in no block yet: try again later')
  const input = fromHex(shown.input)
  const codec = { [KIND.LANE]: laneBody, [KIND.COVENANT]: covenantBody }[input[0] ?? 0]
  if (codec === undefined) {
    throw new QuernError('TX_KIND_OTHER', 'it makes no outputs: see `quern query tx` for what it is')
  }
  const body: CovenantBody = codec.decode(decodeRlp(input.subarray(1)))
  const txId = transactionId(kipTransaction(body, fromHex(shown.from), Number(shown.nonce)))
  const height = Number(shown.blockNumber)
  const plainOutputs = body.outputs.flatMap(({ value: grains, spk, binding }, index) =>
    binding === undefined ? [{ outpoint: { txId, index }, grains, spk, height }] : [],
  )
  return { body, txId, height, plainOutputs }
}
