/**
 * Ids of transactions as outputs and lanes know them, from their bytes as the KIPs lay them out (version 1, signatures left
 * out). Of the node it takes the hash functions.
 */
import { type Address, concatBytes, EMPTY_BYTES, type Hash } from '../../../core/bytes.ts'
import { BLAKE3 } from '../../../vm/kip/hashers.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'

/** A transaction of kind 16 or 17. */
export type VprogAction = Extract<Transaction['action'], { readonly kind: 'LANE' | 'COVENANT' }>

export const isVprogAction = (action: Transaction['action']): action is VprogAction =>
  action.kind === 'LANE' || action.kind === 'COVENANT'

export function littleEndian(value: bigint | number, bytes: 2 | 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(value), true)
  return new Uint8Array(view.buffer).slice(0, bytes)
}

const sized = (bytes: Uint8Array): Uint8Array[] => [littleEndian(bytes.length, 8), bytes]

/** The account that sends it stands behind the listed inputs: 12 zero bytes and its address, its nonce, and final. */
const accountInput = (from: Address, nonce: number): Uint8Array =>
  concatBytes(new Uint8Array(12), from, littleEndian(nonce, 4), littleEndian(0, 8), littleEndian(2n ** 64n - 1n, 8))

export function kipIdOf(
  { inputs, outputs, lockTime, laneId, payload }: VprogAction,
  from: Address,
  nonce: number,
): Hash {
  const rest = concatBytes(
    littleEndian(1, 2),
    littleEndian(inputs.length + 1, 8),
    ...inputs.flatMap(({ outpoint, sequence }) => [
      ...[outpoint.txId, littleEndian(outpoint.index, 4), littleEndian(0, 8), littleEndian(sequence, 8)],
    ]),
    accountInput(from, nonce),
    littleEndian(outputs.length, 8),
    ...outputs.flatMap(({ value, spk, binding }) => [
      ...[littleEndian(value, 8), littleEndian(spk.version, 2), ...sized(spk.script)],
      ...(binding === undefined
        ? [Uint8Array.of(0)]
        : [Uint8Array.of(1), littleEndian(binding.authorizingInput, 2), binding.covenantId]),
    ]),
    ...[littleEndian(lockTime, 8), laneId ?? new Uint8Array(20), littleEndian(0, 8), ...sized(EMPTY_BYTES)],
  )
  return BLAKE3.TransactionV1Id(BLAKE3.PayloadDigest(payload), BLAKE3.TransactionRest(rest))
}
