/** Making signed envelopes: for the CLI, the worker, the faucet and tests. */
import { type Address, EMPTY_BYTES } from '../../core/bytes.ts'
import { signHash } from '../../core/secp256k1.ts'
import { GAS, intrinsicGas } from '../gas.ts'
import { encodeEnvelope, signingHash } from './envelope.ts'
import type { EnvelopeFields } from './format.ts'
import type { Action } from './types.ts'

export interface SignFields {
  readonly chainId: number
  readonly nonce: number
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
  /** Default: exactly the gas that the action uses. */
  readonly gasLimit?: number
}

export interface NativeFields extends SignFields {
  readonly action: Action
}

export interface TransferFields extends SignFields {
  readonly to: Address
  /** Wei. */
  readonly value: bigint
}

const sign = (fields: EnvelopeFields, privateKey: Uint8Array): Uint8Array =>
  encodeEnvelope(fields, signHash(signingHash(fields), privateKey))

/** A 0x71 envelope. Bounds are the decoder's to check, so that tests can sign what it must refuse. */
export const signNative = (fields: NativeFields, privateKey: Uint8Array): Uint8Array =>
  sign({ gasLimit: intrinsicGas(fields.action), ...fields, type: 'native' }, privateKey)

function signTransfer(type: 'legacy' | 'eip1559', fields: TransferFields, privateKey: Uint8Array): Uint8Array {
  const { to, value, ...rest } = fields
  const action: Action = { kind: 'TRANSFER', to, value, memo: EMPTY_BYTES }
  return sign({ gasLimit: GAS.TRANSFER, ...rest, type, action }, privateKey)
}

/** A plain 0x02 transfer, as any Ethereum wallet makes it. */
export const signEip1559Transfer = (fields: TransferFields, privateKey: Uint8Array): Uint8Array =>
  signTransfer('eip1559', fields, privateKey)

export interface LegacyTransferFields extends Omit<TransferFields, 'maxPriorityFeePerGas' | 'maxFeePerGas'> {
  readonly gasPrice: bigint
}

/** A plain legacy transfer with EIP-155. */
export function signLegacyTransfer(fields: LegacyTransferFields, privateKey: Uint8Array): Uint8Array {
  const { gasPrice, ...rest } = fields
  return signTransfer('legacy', { ...rest, maxPriorityFeePerGas: gasPrice, maxFeePerGas: gasPrice }, privateKey)
}
