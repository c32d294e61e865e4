/**
 * Ethereum's own envelopes, so far as they are plain value transfers: legacy with EIP-155, 0x01 (EIP-2930) and
 * 0x02 (EIP-1559). There is no EVM: data, contract creation and access lists are refused by name. PROTOCOL 2.
 *
 *     legacy  rlp([nonce, gasPrice, gasLimit, to, value, data, v, r, s])             v = 35 + 2 chainId + yParity
 *     0x01 || rlp([chainId, nonce, gasPrice, gasLimit, to, value, data, accessList, yParity, r, s])
 *     0x02 || rlp([chainId, nonce, maxPriorityFee, maxFee, gasLimit, to, value, data, accessList, yParity, r, s])
 */
import { EMPTY_BYTES } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { type RlpItem, rlpBytes, rlpList, rlpNumber, rlpUint, encodeUint as uint } from '../../core/rlp.ts'
import type { Signature } from '../../core/secp256k1.ts'
import { checkChainId, type DecodedFields, type EnvelopeFields, type EnvelopeFormat, readYParity } from './format.ts'
import { refuse } from './refusal.ts'
import type { Action, EnvelopeType } from './types.ts'

/** What Ethereum's own clients take from a peer. */
export const MAX_ETHEREUM_ENVELOPE_BYTES = 128 << 10

const NO_DATA = EMPTY_BYTES
const NO_ACCESS: RlpItem = []

type Transfer = Extract<Action, { kind: 'TRANSFER' }>
type Item = RlpItem | undefined

function transferOf(fields: EnvelopeFields): Transfer {
  assert(
    fields.action.kind === 'TRANSFER' && fields.action.memo.length === 0,
    'Ethereum envelopes only carry plain transfers',
  )
  return fields.action
}

/** @throws QuernError `TX_NO_EVM` for anything but a plain value transfer */
function readTransfer(to: Item, value: Item, data: Item, accessList: Item): Transfer {
  const noEvm = (what: string): Error =>
    refuse('TX_NO_EVM', `this chain has no EVM: ${what} is not supported, send a plain value transfer`)
  if (rlpBytes(to).length === 0) throw noEvm('contract creation')
  if (rlpBytes(data).length > 0) throw noEvm('transaction data')
  if (rlpList(accessList).length > 0) throw noEvm('an access list')
  return { kind: 'TRANSFER', to: rlpBytes(to, 20), value: rlpUint(value), memo: EMPTY_BYTES }
}

const decoded = (
  type: EnvelopeType,
  chainId: number,
  [nonce, priority, max, gasLimit]: readonly [Item, Item, Item, Item],
  action: Transfer,
  signature: Signature,
): DecodedFields => ({
  fields: {
    type,
    chainId,
    nonce: rlpNumber(nonce),
    maxPriorityFeePerGas: rlpUint(priority),
    maxFeePerGas: rlpUint(max),
    gasLimit: rlpNumber(gasLimit),
    action,
  },
  signature,
  kindByte: 0,
  body: EMPTY_BYTES,
})

const signatureItems = ({ r, s, yParity }: Signature): RlpItem[] => [uint(yParity), uint(r), uint(s)]

const readSignature = (yParity: Item, r: Item, s: Item): Signature => ({
  yParity: readYParity(yParity),
  r: rlpUint(r),
  s: rlpUint(s),
})

const legacyItems = (fields: EnvelopeFields): RlpItem[] => {
  const { to, value } = transferOf(fields)
  return [uint(fields.nonce), uint(fields.maxFeePerGas), uint(fields.gasLimit), to, uint(value), NO_DATA]
}

function chainParity(v: bigint, chainId: number): 0 | 1 {
  if (v === 27n || v === 28n) {
    throw refuse('TX_UNPROTECTED', 'transaction names no chain (pre-EIP-155): sign it with a chain id')
  }
  if (v < 35n) throw refuse('TX_MALFORMED', 'signature value v is neither 27, 28 nor at least 35')
  checkChainId((v - 35n) / 2n, chainId)
  return (v - 35n) % 2n === 0n ? 0 : 1
}

export const legacyFormat: EnvelopeFormat = {
  prefix: EMPTY_BYTES,
  maxBytes: MAX_ETHEREUM_ENVELOPE_BYTES,
  unsigned: (fields) => [...legacyItems(fields), uint(fields.chainId), EMPTY_BYTES, EMPTY_BYTES],
  signed: (fields, { yParity, r, s }) => [
    ...legacyItems(fields),
    uint(35n + 2n * BigInt(fields.chainId) + BigInt(yParity)),
    uint(r),
    uint(s),
  ],
  decode: (item, chainId) => {
    const [nonce, gasPrice, gasLimit, to, value, data, v, r, s] = rlpList(item, 9)
    const signature = { yParity: chainParity(rlpUint(v), chainId), r: rlpUint(r), s: rlpUint(s) }
    const action = readTransfer(to, value, data, NO_ACCESS)
    return decoded('legacy', chainId, [nonce, gasPrice, gasPrice, gasLimit], action, signature)
  },
}

const eip2930Items = (fields: EnvelopeFields): RlpItem[] => {
  const { to, value } = transferOf(fields)
  const price = uint(fields.maxFeePerGas)
  return [uint(fields.chainId), uint(fields.nonce), price, uint(fields.gasLimit), to, uint(value), NO_DATA, NO_ACCESS]
}

export const eip2930Format: EnvelopeFormat = {
  prefix: Uint8Array.of(1),
  maxBytes: MAX_ETHEREUM_ENVELOPE_BYTES,
  unsigned: eip2930Items,
  signatureItems: 3,
  signed: (fields, signature) => [...eip2930Items(fields), ...signatureItems(signature)],
  decode: (item, expected) => {
    const [chainId, nonce, gasPrice, gasLimit, to, value, data, accessList, yParity, r, s] = rlpList(item, 11)
    checkChainId(rlpUint(chainId), expected)
    const action = readTransfer(to, value, data, accessList)
    return decoded('eip2930', expected, [nonce, gasPrice, gasPrice, gasLimit], action, readSignature(yParity, r, s))
  },
}

const eip1559Items = (fields: EnvelopeFields): RlpItem[] => {
  const { to, value } = transferOf(fields)
  const fees = [uint(fields.maxPriorityFeePerGas), uint(fields.maxFeePerGas), uint(fields.gasLimit)]
  return [uint(fields.chainId), uint(fields.nonce), ...fees, to, uint(value), NO_DATA, NO_ACCESS]
}

export const eip1559Format: EnvelopeFormat = {
  prefix: Uint8Array.of(2),
  maxBytes: MAX_ETHEREUM_ENVELOPE_BYTES,
  unsigned: eip1559Items,
  signatureItems: 3,
  signed: (fields, signature) => [...eip1559Items(fields), ...signatureItems(signature)],
  decode: (item, expected) => {
    const [chainId, nonce, priority, max, gasLimit, to, value, data, accessList, yParity, r, s] = rlpList(item, 12)
    checkChainId(rlpUint(chainId), expected)
    const action = readTransfer(to, value, data, accessList)
    return decoded('eip1559', expected, [nonce, priority, max, gasLimit], action, readSignature(yParity, r, s))
  },
}
