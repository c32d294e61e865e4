/** The genesis of a network, parsed. Its file form is genesis.json (file.ts). PROTOCOL 11. */
import type { Address } from '../../core/bytes.ts'
import type { ChainParams, NetworkName } from '../params.ts'

export interface GenesisAlloc {
  readonly address: Address
  readonly balanceWei: bigint
}

export interface GenesisValidator {
  /** The account that owns it; its first stake comes on top of the owner's `alloc`. */
  readonly owner: Address
  readonly blsPublicKey: Uint8Array
  readonly proofOfPossession: Uint8Array
  readonly stakeWei: bigint
  /** libp2p peer id; may be empty. */
  readonly nodeId: string
}

/** The height of what is not part of this version. */
export const NEVER = Number.MAX_SAFE_INTEGER

/** Height from which a set of rules is in force. */
export interface Activations {
  readonly vprogs: number
}

/** Whether vProgs are ever active on the chain. */
export const hasVprogRules = ({ activations }: { readonly activations: Activations }): boolean =>
  activations.vprogs !== NEVER

export interface Genesis {
  readonly network: NetworkName
  readonly timestampMs: number
  /** `params.chainId` is the file's `chain_id`. */
  readonly params: ChainParams
  readonly activations: Activations
  /** Any order; every order gives the same chain. */
  readonly alloc: readonly GenesisAlloc[]
  readonly validators: readonly GenesisValidator[]
}

export type GenesisErrorCode =
  /** Activates rules that are not known here. */
  | 'UPGRADE_NEEDED'
  | 'GENESIS_SHAPE'
  | 'GENESIS_PARAM'
  | 'GENESIS_ADDRESS'
  | 'GENESIS_DUPLICATE'
  | 'GENESIS_VALIDATOR'
  | 'GENESIS_PROOF_OF_POSSESSION'
