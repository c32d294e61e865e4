/** The command line's view of a node. */
import { QuernError } from '../../core/errors.ts'
import { type JsonObject, jsonRpc } from '../../gpu/json-rpc.ts'
import { DEFAULT_RPC_URL } from './context.ts'

/** A devnet answers in milliseconds; a node that needs longer than this is not going to. */
const TIMEOUT_MS = 30_000

export interface RpcClient {
  /** `T` is what the method's page in the OpenRPC document promises; nothing checks it here. */
  call<T>(method: string, params?: readonly unknown[] | JsonObject): Promise<T>
}

/** @throws QuernError `ARGUMENT_INVALID` unless it is a http(s) URL */
export function checkEndpoint(url: string): void {
  if (/^https?:\/\/./.test(url) && URL.canParse(url)) return
  throw new QuernError('ARGUMENT_INVALID', `not a JSON-RPC endpoint: ${url}; write it like ${DEFAULT_RPC_URL}`)
}

/** @throws QuernError `ARGUMENT_INVALID` */
export function rpcClient(url: string): RpcClient {
  checkEndpoint(url)
  const call = jsonRpc(url, TIMEOUT_MS)
  return {
    call: async <T>(method: string, params: readonly unknown[] | JsonObject = []) => (await call(method, params)) as T,
  }
}
