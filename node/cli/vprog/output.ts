/** An output that a transaction made, as the node shows it. */
import { fromHex, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { RpcClient } from '../rpc-client.ts'
import { outpointOf } from './arguments.ts'
import type { Withdrawn } from './withdrawal.ts'

export interface OutputAnswer {
  readonly outpoint: string
  readonly grains: string
  readonly spk: { readonly version: number; readonly script: string }
  readonly covenant_id: string | null
  readonly height: number
  readonly transaction_hash: string
  readonly spent_by: { readonly transaction_hash: string; readonly height: number } | null
}

/** @param text TXID:INDEX @throws QuernError `ARGUMENT_INVALID`, `OUTPUT_UNKNOWN` */
export async function outputAt(client: RpcClient, text: string): Promise<OutputAnswer> {
  const { txId, index } = outpointOf(text)
  const outpoint = `${toHex(txId)}:${index}`
  const shown = await client.call<OutputAnswer | null>('vprog_getOutput', [outpoint])
  if (shown !== null) return shown
  throw new QuernError('OUTPUT_UNKNOWN', `no transaction made ${outpoint}, or its block is no longer held here`)
}

export const heldOf = ({ outpoint, grains, spk, height }: OutputAnswer): Withdrawn => ({
  ...{ outpoint: outpointOf(outpoint), grains: BigInt(grains), height },
  spk: { version: spk.version, script: fromHex(spk.script) },
})
