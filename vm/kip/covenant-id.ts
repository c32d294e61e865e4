/**
 * The id of a covenant: it commits to the spent outpoint that began it and to every output that it began with, so no other
 * transaction can begin a covenant of that id. Source: KIP-20; rusty-kaspa consensus/core/src/hashing/covenant_id.rs.
 */
import type { Hash } from '../../core/bytes.ts'
import { encodeOutpoint, encodeSpk, u32le, u64le } from './encode.ts'
import { BLAKE2B } from './hashers.ts'
import type { KipOutput, Outpoint } from './types.ts'

/** @param outputs the genesis group: index in the transaction and output, by ascending index */
export const covenantId = (
  authorizing: Outpoint,
  outputs: readonly (readonly [index: number, output: Pick<KipOutput, 'value' | 'spk'>])[],
): Hash =>
  BLAKE2B.CovenantID(
    encodeOutpoint(authorizing),
    u64le(outputs.length),
    ...outputs.flatMap(([index, { value, spk }]) => [u32le(index), u64le(value), encodeSpk(spk)]),
  )
