/**
 * A transaction as the Kaspa Improvement Proposals see it: what scripts introspect, signature hashes sign and lanes commit
 * to. Ours are seen in this form (PROTOCOL 8); the vectors of other implementations are of this form.
 * Source: KIP-10, KIP-17, KIP-20; layouts and ids in hashing.ts.
 */
import type { Hash } from '../../core/bytes.ts'

export interface Outpoint {
  readonly txId: Hash
  /** u32. */
  readonly index: number
}

export interface ScriptPublicKey {
  /** u16. */
  readonly version: number
  readonly script: Uint8Array
}

/** KIP-20: which covenant an output belongs to, and which input allows it to. */
export interface CovenantBinding {
  /** Index of an input of the same transaction, u16. */
  readonly authorizingInput: number
  readonly covenantId: Hash
}

export interface KipInput {
  readonly outpoint: Outpoint
  readonly signatureScript: Uint8Array
  /** u64. */
  readonly sequence: bigint
  /** Version 0 only, u8. */
  readonly sigOpCount?: number
  /** Version 1 only, u16; no part of the id. */
  readonly computeBudget?: number
}

export interface KipOutput {
  /** u64; here grains of 10^10 wei. */
  readonly value: bigint
  readonly spk: ScriptPublicKey
  readonly binding?: CovenantBinding
}

export interface KipTransaction {
  /** u16. Ours are always 1. */
  readonly version: number
  readonly inputs: readonly KipInput[]
  readonly outputs: readonly KipOutput[]
  /** u64. */
  readonly lockTime: bigint
  /** 20 bytes: all zero (native), or a lane's id. */
  readonly subnetworkId: Uint8Array
  /** u64. */
  readonly gas: bigint
  readonly payload: Uint8Array
  /** Of the hash, not of the id. */
  readonly storageMass?: bigint
}

/** What an input spends. */
export interface UtxoEntry {
  readonly amount: bigint
  readonly spk: ScriptPublicKey
  readonly daaScore: bigint
  readonly isCoinbase: boolean
  readonly covenantId?: Hash
}
