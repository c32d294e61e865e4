/** Transactions as the vectors of other implementations write them in JSON. */
import { fromHex } from '../../../core/bytes.ts'
import type { KipTransaction, ScriptPublicKey } from '../types.ts'

export interface JsonTransaction {
  readonly version: number
  readonly inputs: readonly {
    readonly previousOutpoint: { readonly transactionId: string; readonly index: number }
    readonly signatureScript: string
    readonly sequence: number
    readonly sigOpCount: number
    readonly computeBudget: number
  }[]
  readonly outputs: readonly {
    readonly value: number
    readonly scriptPublicKey: string
    readonly covenant?: { readonly authorizingInput: number; readonly covenantId: string } | null
  }[]
  readonly lockTime: number
  readonly subnetworkId: string
  readonly gas: number
  readonly payload: string
  readonly storageMass: number
}

/** Two bytes of version, big endian, and the script. */
export function spkFromHex(hex: string): ScriptPublicKey {
  const bytes = fromHex(hex)
  return { version: bytes[0]! * 256 + bytes[1]!, script: bytes.subarray(2) }
}

export const transactionFromJson = (tx: JsonTransaction): KipTransaction => ({
  version: tx.version,
  inputs: tx.inputs.map(({ previousOutpoint, signatureScript, sequence, sigOpCount, computeBudget }) => ({
    outpoint: { txId: fromHex(previousOutpoint.transactionId), index: previousOutpoint.index },
    signatureScript: fromHex(signatureScript),
    sequence: BigInt(sequence),
    sigOpCount,
    computeBudget,
  })),
  outputs: tx.outputs.map(({ value, scriptPublicKey, covenant }) => ({
    value: BigInt(value),
    spk: spkFromHex(scriptPublicKey),
    ...(covenant === undefined || covenant === null
      ? {}
      : { binding: { authorizingInput: covenant.authorizingInput, covenantId: fromHex(covenant.covenantId) } }),
  })),
  lockTime: BigInt(tx.lockTime),
  subnetworkId: fromHex(tx.subnetworkId),
  gas: BigInt(tx.gas),
  payload: fromHex(tx.payload),
  storageMass: BigInt(tx.storageMass),
})
