/**
 * JSON-RPC errors: EIP-1474 codes with a stable `data.tag`.
 *
 * Wallets and libraries recognise some refusals by geth's words, so those stand first in the message; the tag is what
 * programs should read.
 */
import { type Failure, QuernError } from '../../core/errors.ts'

/** JSON-RPC 2.0 and EIP-1474. */
export const RPC_CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  invalidInput: -32000,
  resourceNotFound: -32001,
  resourceUnavailable: -32002,
  transactionRejected: -32003,
  methodNotSupported: -32004,
  limitExceeded: -32005,
} as const

export class RpcError extends Error {
  readonly code: number
  readonly tag: string
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: number, tag: string, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = 'RpcError'
    this.code = code
    this.tag = tag
    this.data = data
  }

  toJson(): { code: number; message: string; data: Record<string, unknown> } {
    return { code: this.code, message: this.message, data: { ...this.data, tag: this.tag } }
  }
}

/** geth's wording for refusals that viem and ethers match by text (viem `errors/node.ts`, ethers `checkError`). */
const GETH_WORDS: Readonly<Record<string, string>> = {
  TX_NONCE_TOO_LOW: 'nonce too low',
  TX_NONCE_TOO_HIGH: 'nonce too high',
  NONCE_GAP_TOO_LARGE: 'nonce too high',
  SENDER_LIMIT: 'account limit exceeded',
  TX_INSUFFICIENT_FUNDS: 'insufficient funds for gas * price + value',
  INSUFFICIENT_BALANCE: 'insufficient funds for transfer',
  OVERDRAFT: 'insufficient funds for gas * price + value',
  TX_GAS_TOO_LOW: 'intrinsic gas too low',
  TX_GAS_OVER_BLOCK: 'exceeds block gas limit',
  TX_FEE_BELOW_BASE: 'max fee per gas less than block base fee',
  TX_FEE_ORDER: 'max priority fee per gas higher than max fee per gas',
  TX_ALREADY_KNOWN: 'already known',
  REPLACEMENT_UNDERPRICED: 'replacement transaction underpriced',
  MEMPOOL_FULL: 'txpool is full',
  TX_CHAIN_ID: 'invalid chain id for signer',
  TX_UNPROTECTED: 'only replay-protected (EIP-155) transactions allowed over RPC',
}

const jsonMeta = (meta: Failure['meta']): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(meta ?? {}).map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]),
  )

/** A refused transaction as clients should see it. */
export function transactionRejected(failure: Failure): RpcError {
  const words = GETH_WORDS[failure.code]
  const message = words === undefined ? failure.message : `${words}: ${failure.message}`
  return new RpcError(RPC_CODE.transactionRejected, failure.code, message, jsonMeta(failure.meta))
}

export const invalidParams = (message: string, data: Record<string, unknown> = {}): RpcError =>
  new RpcError(RPC_CODE.invalidParams, 'INVALID_PARAMS', message, data)

export const notFound = (tag: string, message: string): RpcError =>
  new RpcError(RPC_CODE.resourceNotFound, tag, message)

/** Tag of errors that are our fault: they go to the log. */
export const UNFORESEEN = 'INTERNAL'

/** Others may have it, or this node later. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['BLOCK_PRUNED', 'LIGHT_UNANSWERED'])

/** Any thrown value as an RpcError. What we did not foresee tells the client nothing but that it happened. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error
  // Clients try again after an internal error, and not after the others.
  if (error instanceof QuernError && error.code === 'STORE_CLOSED') {
    return new RpcError(RPC_CODE.internal, error.code, error.message)
  }
  if (error instanceof QuernError && UNAVAILABLE.has(error.code)) {
    return new RpcError(RPC_CODE.resourceUnavailable, error.code, error.message, jsonMeta(error.meta))
  }
  if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') {
    return new RpcError(RPC_CODE.invalidInput, error.code, error.message, jsonMeta(error.meta))
  }
  return new RpcError(RPC_CODE.internal, UNFORESEEN, 'internal error: see the log of the node')
}
