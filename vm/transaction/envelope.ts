/**
 * Transaction envelopes: from bytes to a transaction with a known sender, and back. PROTOCOL 2.
 *
 *     bytes --decodeEnvelope--> Envelope --recoverTransaction--> Transaction
 *
 * Promises: an envelope has exactly one encoding, and its hash covers every bit of it, the signature included; what it
 * asks for is bound to one chain, one sender and one nonce; decoding and encoding are inverse; every refusal is a
 * QuernError with a `RefusalCode`, and size, depth and item count are bounded before anything is allocated.
 *
 * Sources: EIP-2718 (envelopes), EIP-155, EIP-2930, EIP-1559, EIP-2 (low s); native.ts for 0x71.
 */
import { type Address, concatBytes } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import { decodeRlp, encodedWithoutLast, encodeRlp, type RlpItem, type RlpLimits, rlpList } from '../../core/rlp.ts'
import { isSignatureInRange, recoverAddress, type Signature } from '../../core/secp256k1.ts'
import type { ChainParams } from '../params.ts'
import { eip1559Format, eip2930Format, legacyFormat } from './ethereum.ts'
import type { DecodeOptions, EnvelopeFields, EnvelopeFormat } from './format.ts'
import { nativeFormat } from './native.ts'
import { asMalformed, refuse } from './refusal.ts'
import type { Envelope, EnvelopeType, Transaction } from './types.ts'

const FORMATS: Readonly<Record<EnvelopeType, EnvelopeFormat>> = {
  legacy: legacyFormat,
  eip2930: eip2930Format,
  eip1559: eip1559Format,
  native: nativeFormat,
}

/** A covenant's binding stands five lists deep. 4,096 items are more than any body has; the largest covenant has some 500. */
const RLP_LIMITS: RlpLimits = { maxBytes: nativeFormat.maxBytes, maxDepth: 5, maxItems: 4_096 }

/** Nonces count up by one, so this one and those above it could not be followed. */
const NONCE_END = Number.MAX_SAFE_INTEGER

/** What the network's parameters say about decoding. */
export const decodeOptions = (params: ChainParams): DecodeOptions => ({ devKinds: params.devAuthority !== undefined })

/** @throws QuernError `TX_MALFORMED`, `TX_NO_EVM` */
function formatOf(raw: Uint8Array): EnvelopeFormat {
  const first = raw[0]
  if (first === undefined) throw refuse('TX_MALFORMED', 'transaction is empty')
  if (first >= 0xc0) return FORMATS.legacy
  if (first === 1) return FORMATS.eip2930
  if (first === 2) return FORMATS.eip1559
  if (first === 0x71) return FORMATS.native
  if (first === 3 || first === 4) {
    throw refuse('TX_NO_EVM', 'blob and set-code transactions need an EVM: send type 0x02 instead')
  }
  throw refuse('TX_MALFORMED', `envelope type ${first} is unknown: use legacy, 0x01, 0x02 or 0x71`)
}

function checkFields(fields: EnvelopeFields, signature: Signature): void {
  if (fields.nonce >= NONCE_END) throw refuse('TX_MALFORMED', 'nonce must be below 2^53 - 1')
  if (fields.maxPriorityFeePerGas > fields.maxFeePerGas) {
    throw refuse('TX_FEE_ORDER', 'maxPriorityFeePerGas is above maxFeePerGas: raise the latter')
  }
  if (!isSignatureInRange(signature)) {
    throw refuse('TX_SIGNATURE_INVALID', 'signature values are out of range: r in 1..n-1, s in 1..n/2 (EIP-2)')
  }
}

const signingHashOf = (format: EnvelopeFormat, fields: EnvelopeFields) =>
  keccak256(concatBytes(format.prefix, encodeRlp(format.unsigned(fields))))

/** The same from the encoding itself, where the format allows. */
function signingHashFrom(
  format: EnvelopeFormat,
  fields: EnvelopeFields,
  encoded: Uint8Array,
  item: RlpItem,
): Uint8Array {
  if (format.signatureItems === undefined) return signingHashOf(format, fields)
  return keccak256(encodedWithoutLast(encoded, rlpList(item), format.signatureItems, format.prefix))
}

/** keccak256 of what the sender signs. */
export const signingHash = (fields: EnvelopeFields): Uint8Array => signingHashOf(FORMATS[fields.type], fields)

/** The envelope as it travels. */
export function encodeEnvelope(fields: EnvelopeFields, signature: Signature): Uint8Array {
  const format = FORMATS[fields.type]
  return concatBytes(format.prefix, encodeRlp(format.signed(fields, signature)))
}

/**
 * @param chainId this chain's; envelopes bound to another are refused
 * @throws QuernError RefusalCode
 */
export function decodeEnvelope(raw: Uint8Array, chainId: number, options: DecodeOptions = {}): Envelope {
  const format = formatOf(raw)
  if (raw.length > format.maxBytes) {
    throw refuse('TX_TOO_LARGE', `transaction has ${raw.length} bytes: at most ${format.maxBytes} are allowed`)
  }
  return asMalformed(() => {
    const encoded = raw.subarray(format.prefix.length)
    const item = decodeRlp(encoded, RLP_LIMITS)
    const { fields, signature, kindByte, body } = format.decode(item, chainId, options)
    checkFields(fields, signature)
    // Field by field: spreading is some fifty times slower in V8, and this runs for every transaction.
    return {
      type: fields.type,
      raw,
      hash: keccak256(raw),
      signingHash: signingHashFrom(format, fields, encoded, item),
      signature,
      chainId: fields.chainId,
      nonce: fields.nonce,
      maxPriorityFeePerGas: fields.maxPriorityFeePerGas,
      maxFeePerGas: fields.maxFeePerGas,
      gasLimit: fields.gasLimit,
      action: fields.action,
      kindByte,
      body,
    }
  })
}

/** The transaction of an envelope whose sender is known. */
export const withSender = (envelope: Envelope, from: Address): Transaction => ({
  type: envelope.type,
  raw: envelope.raw,
  hash: envelope.hash,
  signingHash: envelope.signingHash,
  signature: envelope.signature,
  chainId: envelope.chainId,
  nonce: envelope.nonce,
  maxPriorityFeePerGas: envelope.maxPriorityFeePerGas,
  maxFeePerGas: envelope.maxFeePerGas,
  gasLimit: envelope.gasLimit,
  action: envelope.action,
  kindByte: envelope.kindByte,
  body: envelope.body,
  from,
})

/** @throws QuernError `TX_SIGNATURE_INVALID` */
export function recoverTransaction(envelope: Envelope): Transaction {
  try {
    return withSender(envelope, recoverAddress(envelope.signingHash, envelope.signature))
  } catch (cause) {
    if (!(cause instanceof QuernError)) throw cause
    throw refuse('TX_SIGNATURE_INVALID', `signature is invalid (${cause.message}): sign the transaction again`, cause)
  }
}

/** @throws QuernError RefusalCode */
export const decodeTransaction = (raw: Uint8Array, chainId: number, options: DecodeOptions = {}): Transaction =>
  recoverTransaction(decodeEnvelope(raw, chainId, options))

export type { DecodeOptions, EnvelopeFields }
