/** The command line's view of a node. */
import { type JsonObject, jsonRpc } from '../../gpu/json-rpc.ts'

/** A devnet answers in milliseconds; a node that needs longer than this is not going to. */
const TIMEOUT_MS = 30_000

export interface RpcClient {
  /** `T` is what the method's page in the OpenRPC document promises; nothing checks it here. */
  call<T>(method: string, params?: readonly unknown[] | JsonObject): Promise<T>
}

export function rpcClient(url: string): RpcClient {
  const call = jsonRpc(url, TIMEOUT_MS)
  return {
    call: async <T>(method: string, params: readonly unknown[] | JsonObject = []) => (await call(method, params)) as T,
  }
}
