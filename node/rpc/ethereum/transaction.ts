/**
 * Transactions as Ethereum clients read them. Our own envelopes have type 0x71 and `input` = kind byte || RLP body; kinds
 * other than TRANSFER have no `to`. PROTOCOL 12.
 */
import { concatBytes, type Hash, type Hex } from '../../../core/bytes.ts'
import { effectiveGasPrice } from '../../../vm/fees.ts'
import { type EnvelopeType, type Transaction, valueWei } from '../../../vm/transaction/types.ts'
import { type Static, Type } from '../method.ts'
import { address, Data, data, Hash32, HexAddress, Nullable, Quantity, quantity } from '../schema.ts'

export const TYPE_BYTE: Readonly<Record<EnvelopeType, Hex>> = {
  legacy: '0x0',
  eip2930: '0x1',
  eip1559: '0x2',
  native: '0x71',
}

export const TransactionObject = Type.Object(
  {
    blockHash: Nullable(Hash32),
    blockNumber: Nullable(Quantity),
    transactionIndex: Nullable(Quantity),
    hash: Hash32,
    type: Quantity,
    chainId: Quantity,
    nonce: Quantity,
    from: HexAddress,
    to: Nullable(HexAddress),
    value: Quantity,
    gas: Quantity,
    gasPrice: Quantity,
    maxFeePerGas: Type.Optional(Quantity),
    maxPriorityFeePerGas: Type.Optional(Quantity),
    input: Data,
    accessList: Type.Optional(Type.Array(Type.Never(), { description: 'always empty' })),
    v: Quantity,
    yParity: Type.Optional(Quantity),
    r: Quantity,
    s: Quantity,
  },
  { additionalProperties: false },
)
export type TransactionJson = Static<typeof TransactionObject>

/** Where a transaction stands; undefined = in the mempool. */
export interface TransactionPlace {
  readonly blockHash: Hash
  readonly height: number
  readonly index: number
  readonly baseFeePerGas: bigint
}

export const recipientOf = ({ action }: Transaction): Hex | null =>
  action.kind === 'TRANSFER' ? address(action.to) : null

/** `v` of a legacy signature names the chain (EIP-155); elsewhere it is the parity. */
const signatureV = ({ type, chainId, signature }: Transaction): number =>
  type === 'legacy' ? 35 + 2 * chainId + signature.yParity : signature.yParity

export function transactionJson(transaction: Transaction, place: TransactionPlace | undefined): TransactionJson {
  const { type, signature, kindByte, body } = transaction
  const hasFeeCaps = type === 'eip1559' || type === 'native'
  // Waiting: no base fee yet, so the most it could cost.
  const gasPrice = place === undefined ? transaction.maxFeePerGas : effectiveGasPrice(transaction, place.baseFeePerGas)
  return {
    blockHash: place === undefined ? null : data(place.blockHash),
    blockNumber: place === undefined ? null : quantity(place.height),
    transactionIndex: place === undefined ? null : quantity(place.index),
    hash: data(transaction.hash),
    type: TYPE_BYTE[type],
    chainId: quantity(transaction.chainId),
    nonce: quantity(transaction.nonce),
    from: address(transaction.from),
    to: recipientOf(transaction),
    value: quantity(valueWei(transaction.action)),
    gas: quantity(transaction.gasLimit),
    gasPrice: quantity(gasPrice),
    ...(hasFeeCaps
      ? {
          maxFeePerGas: quantity(transaction.maxFeePerGas),
          maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
        }
      : {}),
    input: type === 'native' ? data(concatBytes(Uint8Array.of(kindByte), body)) : '0x',
    ...(type === 'legacy' ? {} : { accessList: [], yParity: quantity(signature.yParity) }),
    v: quantity(signatureV(transaction)),
    r: quantity(signature.r),
    s: quantity(signature.s),
  }
}
