/** Outputs and places in the chain as clients write them. */
import { fromHex, type Hex, toHex } from '../../../core/bytes.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import type { TransactionPlace } from '../../vprog/history.ts'
import { invalidParams } from '../errors.ts'
import { Type } from '../method.ts'

const MAX_U32 = 2 ** 32 - 1

/** KIP id of the transaction and index of the output. */
export const OutpointText = Type.String({
  pattern: '^0x[0-9a-fA-F]{64}:[0-9]{1,10}$',
  description: 'an output: 0x and 64 hex digits of its KIP transaction id, a colon and its index',
})

export const outpointText = ({ txId, index }: Outpoint): `${Hex}:${number}` => `${toHex(txId)}:${index}`

/** @throws RpcError `INVALID_PARAMS` for an index of 2^32 or more */
export function readOutpoint(text: string): Outpoint {
  const [txId, index] = text.split(':') as [string, string]
  if (Number(index) <= MAX_U32) return { txId: fromHex(txId), index: Number(index) }
  throw invalidParams('an output has an index below 2^32')
}

/** "height.index" of a transaction in its block: the next page begins behind it. */
export const PlaceCursor = Type.String({
  pattern: '^[0-9]{1,15}\\.[0-9]{1,9}$',
  description: 'a cursor that this method gave: height.index',
})

export const placeCursor = ({ height, index }: TransactionPlace): string => `${height}.${index}`

export function readPlaceCursor(text: string): TransactionPlace {
  const [height, index] = text.split('.') as [string, string]
  return { height: Number(height), index: Number(index) }
}
