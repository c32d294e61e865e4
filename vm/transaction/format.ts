/** What each envelope format must say for itself; envelope.ts does the rest. PROTOCOL 2. */
import type { RlpItem } from '../../core/rlp.ts'
import { rlpUint } from '../../core/rlp.ts'
import type { Signature } from '../../core/secp256k1.ts'
import { refuse } from './refusal.ts'
import type { Envelope } from './types.ts'

/** What the sender chooses: an envelope without its signature and what follows from it. */
export type EnvelopeFields = Pick<
  Envelope,
  'type' | 'chainId' | 'nonce' | 'maxPriorityFeePerGas' | 'maxFeePerGas' | 'gasLimit' | 'action'
>

export interface DecodeOptions {
  /** Whether DEV_SET_BALANCE exists on this network (`decodeOptions(params)`). Default: no. */
  readonly devKinds?: boolean
}

export interface DecodedFields {
  readonly fields: EnvelopeFields
  readonly signature: Signature
  /** Native only. */
  readonly kindByte: number
  readonly body: Uint8Array
}

export interface EnvelopeFormat {
  /** EIP-2718 type byte; none for legacy. */
  readonly prefix: Uint8Array
  readonly maxBytes: number
  /** The list whose hash, after the prefix, is signed. */
  readonly unsigned: (fields: EnvelopeFields) => RlpItem
  /**
   * Present where `unsigned` is `signed` without its last so many items, and decoding leaves no choice of either: then
   * what was signed need not be encoded again.
   */
  readonly signatureItems?: number
  readonly signed: (fields: EnvelopeFields, signature: Signature) => RlpItem
  /** @throws QuernError RefusalCode, or an RLP code where the shape is wrong */
  readonly decode: (item: RlpItem, chainId: number, options: DecodeOptions) => DecodedFields
}

/** @throws QuernError `TX_CHAIN_ID` */
export function checkChainId(sent: bigint, chainId: number): void {
  if (sent !== BigInt(chainId))
    throw refuse('TX_CHAIN_ID', `transaction is for chain ${sent}: sign it for chain ${chainId}`)
}

export const readYParity = (item: RlpItem | undefined): 0 | 1 => (rlpUint(item, 1) === 1n ? 1 : 0)
