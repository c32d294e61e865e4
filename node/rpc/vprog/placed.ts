/** Where a transaction stands, as `vprog_` methods give it. */
import { toHex } from '../../../core/bytes.ts'
import { type Static, Type } from '../method.ts'
import { Hash32, Integer } from '../schema.ts'
import type { PlacedTransaction } from './covenant-chain.ts'

export const PlaceObject = Type.Object(
  { transaction_hash: Hash32, height: Integer, index: Integer, block_hash: Hash32, final: Type.Boolean() },
  { additionalProperties: false },
)

export const placeJson = ({ place, executed, transaction }: PlacedTransaction): Static<typeof PlaceObject> => ({
  transaction_hash: toHex(transaction.hash),
  ...place,
  block_hash: toHex(executed.block.hash),
  final: executed.final,
})
