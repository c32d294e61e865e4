/** Transactions that a client asks for but has not signed: what `eth_estimateGas`, `eth_call` and `eth_sendTransaction` take. */
import { bigIntToBytes, concatBytes, EMPTY_BYTES, type Hex, utf8 } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { decodeRlp, rlpList } from '../../../core/rlp.ts'
import { decodeBody, kindName } from '../../../vm/transaction/bodies/index.ts'
import type { Action } from '../../../vm/transaction/types.ts'
import { invalidParams, RPC_CODE, RpcError } from '../errors.ts'
import { type Static, Type } from '../method.ts'
import { AddressParam, DataParam, data, Nullable, NumberParam, readAddress, readData, readQuantity } from '../schema.ts'

const optional = <S extends Parameters<typeof Nullable>[0]>(schema: S) => Type.Optional(Nullable(schema))

/** Wallets add keys of their own, so unknown ones are ignored. */
export const TransactionRequest = Type.Object(
  {
    from: optional(AddressParam),
    to: optional(AddressParam),
    value: optional(NumberParam),
    data: optional(DataParam),
    input: optional(DataParam),
    nonce: optional(NumberParam),
    gas: optional(NumberParam),
    gasPrice: optional(NumberParam),
    maxFeePerGas: optional(NumberParam),
    maxPriorityFeePerGas: optional(NumberParam),
    chainId: optional(NumberParam),
    type: optional(NumberParam),
    accessList: optional(Type.Array(Type.Unknown())),
    blobVersionedHashes: optional(Type.Array(Type.Unknown())),
    authorizationList: optional(Type.Array(Type.Unknown())),
  },
  { additionalProperties: true },
)
export type TransactionRequestValue = Static<typeof TransactionRequest>

const NATIVE_TYPE = 0x71n

/** ABI encoding of `Error(string)`, as Solidity's `revert("...")` returns it. */
function abiError(reason: string): Hex {
  const text = utf8(reason)
  const padding = new Uint8Array((32 - (text.length % 32)) % 32)
  const word = (value: number) => bigIntToBytes(BigInt(value), 32)
  return data(concatBytes(Uint8Array.of(0x08, 0xc3, 0x79, 0xa0), word(32), word(text.length), text, padding))
}

function noEvm(what: string): RpcError {
  const message = `this chain has no EVM: ${what} is not supported, send a plain value transfer`
  // ethers tells the reason of a failed estimate only where it finds revert data.
  const revert = { message: `execution reverted: ${message}`, data: abiError(message) }
  return new RpcError(RPC_CODE.transactionRejected, 'TX_NO_EVM', message, { revert })
}

const hasEntries = (list: readonly unknown[] | null | undefined): boolean => (list ?? []).length > 0

/** `input` is the newer name of `data`; the same thing under both is fine. */
function inputOf(request: TransactionRequestValue): Uint8Array {
  const { data: older, input } = request
  if (older != null && input != null && older.toLowerCase() !== input.toLowerCase()) {
    throw invalidParams('"data" and "input" differ: give one of them')
  }
  const text = input ?? older
  return text == null ? EMPTY_BYTES : readData(text, 'input')
}

/**
 * What the request would do: a transfer, or with type 0x71 whatever its `input` (kind byte || RLP body) says.
 * @throws RpcError `TX_NO_EVM`, or `INVALID_PARAMS` for a native body that cannot be read
 */
export function actionOf(request: TransactionRequestValue): Action {
  const input = inputOf(request)
  if (request.type != null && readQuantity(request.type) === NATIVE_TYPE) return nativeAction(input)
  if (hasEntries(request.blobVersionedHashes)) throw noEvm('a blob transaction')
  if (hasEntries(request.authorizationList)) throw noEvm('a set-code transaction')
  if (request.to == null) throw noEvm('contract creation')
  if (input.length > 0) throw noEvm('transaction data')
  if (hasEntries(request.accessList)) throw noEvm('an access list')
  return {
    kind: 'TRANSFER',
    to: readAddress(request.to),
    value: readQuantity(request.value ?? 0),
    memo: EMPTY_BYTES,
  }
}

function nativeAction(input: Uint8Array): Action {
  const kind = kindName(input[0] ?? 0)
  if (kind === undefined) throw invalidParams('input of a 0x71 transaction starts with its kind byte')
  try {
    return decodeBody(kind, rlpList(decodeRlp(input.subarray(1))))
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    throw invalidParams(`input is no body of ${kind}: ${error.message}`)
  }
}
