/** JSON-RPC over HTTP, for the command line. Errors keep the node's code and tag, and say what to do when no node answers. */
import { QuernError } from '../../core/errors.ts'

/** A devnet answers in milliseconds; a node that needs longer than this is not going to. */
const TIMEOUT_MS = 30_000

interface RpcResponse {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly tag?: string } }
}

export interface RpcClient {
  readonly url: string
  call<T>(method: string, params?: readonly unknown[] | Readonly<Record<string, unknown>>): Promise<T>
}

export function rpcClient(url: string): RpcClient {
  let nextId = 1
  return {
    url,
    async call<T>(method: string, params: readonly unknown[] | Readonly<Record<string, unknown>> = []): Promise<T> {
      let response: Response
      try {
        response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
      } catch (cause) {
        const hint = 'start one with `quern devnet`, or name another with --rpc URL'
        throw new QuernError('RPC_UNREACHABLE', `no node answers at ${url}: ${hint}`, {}, { cause })
      }
      let body: RpcResponse
      try {
        body = (await response.json()) as RpcResponse
      } catch (cause) {
        throw new QuernError('RPC_UNREACHABLE', `${url} answered HTTP ${response.status}, not JSON-RPC`, {}, { cause })
      }
      if (body.error !== undefined) {
        throw new QuernError(body.error.data?.tag ?? 'RPC_ERROR', body.error.message, { rpcCode: body.error.code })
      }
      return body.result as T
    },
  }
}
