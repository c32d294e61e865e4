/** JSON-RPC 2.0 over HTTP, for the worker and the command line: one call, one answer, or an error with the node's code. */
import { QuernError } from '../core/errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export type RpcCall = (
  method: string,
  params: JsonObject | readonly unknown[],
  signal?: AbortSignal,
) => Promise<unknown>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The signal's abort or the time-out, whichever comes first; without leaving a listener on a long-lived signal. */
async function withTimeout<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  ask: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    return await ask(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * @param url of a node's JSON-RPC port, `http://127.0.0.1:8545` for one
 * @returns a call that throws QuernError: the node's own tag, `RPC_ERROR` where it names none, `RPC_UNREACHABLE` or
 *   `RPC_ANSWER_INVALID`
 */
export function jsonRpc(url: string, timeoutMs: number): RpcCall {
  let nextId = 1
  return async (method, params, signal) => {
    let body: unknown
    try {
      body = await withTimeout(timeoutMs, signal, async (either) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
          signal: either,
        })
        return response.json()
      })
    } catch (cause) {
      throw new QuernError(
        'RPC_UNREACHABLE',
        `no JSON-RPC answer from ${url}: is the node running? (\`quern devnet\` starts one)`,
        {},
        { cause },
      )
    }
    if (!isJsonObject(body)) throw new QuernError('RPC_ANSWER_INVALID', `${url} did not answer JSON-RPC`)
    const { error, result } = body
    if (error === undefined) return result
    const { message, data } = isJsonObject(error) ? error : {}
    const tag = isJsonObject(data) && typeof data.tag === 'string' ? data.tag : 'RPC_ERROR'
    throw new QuernError(tag, typeof message === 'string' ? message : 'the node refused', { method })
  }
}
