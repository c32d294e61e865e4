/**
 * From the text of a request to the text of its answer (JSON-RPC 2.0), whatever carries them.
 *
 * A batch's members run concurrently and are answered in order. Nothing here trusts the client: size of batch and answer
 * are bounded, long batches give way to the rest of the node, and what a handler throws unforeseen reaches the log only.
 */
import { setImmediate } from 'node:timers/promises'
import { RPC_CODE, RpcError, toRpcError, UNFORESEEN } from './errors.ts'
import type { RpcContext, RpcMethod } from './method.ts'
import { nearestName } from './near-miss.ts'

/** What load tools send; a longer one is as quick in two. */
export const MAX_BATCH = 1_000
/** An answer to a batch must fit the memory of a small node many times over. Single answers are bounded by block size. */
export const MAX_BATCH_ANSWER_BYTES = 32 << 20
/** Reads answered in one go before consensus and other connections get their turn. */
const TURN_MS = 10

export interface DispatchLog {
  /** An error that no handler foresaw. */
  internalError(method: string, error: unknown): void
}

type Id = string | number | null

interface Request {
  /** Undefined: a notification, which gets no answer. */
  readonly id: Id | undefined
  readonly method: string
  readonly params: unknown
}

/** Results hold no bigints; where one does after all, its decimal digits are better than no answer. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
  }
}

const answerText = (id: Id, result: unknown): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${jsonText(result ?? null)}}`

const errorText = (id: Id, error: RpcError): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${jsonText(error.toJson())}}`

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is Id | undefined =>
  value === undefined || value === null || typeof value === 'string' || typeof value === 'number'

/** @throws RpcError `INVALID_REQUEST` */
function readRequest(value: unknown): Request {
  if (!isObject(value)) throw invalidRequest('a request is an object')
  const { id, method, params, jsonrpc } = value
  if (jsonrpc !== undefined && jsonrpc !== '2.0') throw invalidRequest('"jsonrpc" must be "2.0"')
  if (typeof method !== 'string') throw invalidRequest('"method" must be a string')
  if (!isId(id)) throw invalidRequest('"id" must be a string, a number or null')
  return { id, method, params }
}

/** The id to answer a malformed request with, where it can be told. */
const idOf = (value: unknown): Id => (isObject(value) && isId(value.id) ? (value.id ?? null) : null)

const invalidRequest = (message: string): RpcError =>
  new RpcError(RPC_CODE.invalidRequest, 'INVALID_REQUEST', `invalid request: ${message}`)

export class Dispatcher {
  readonly #methods = new Map<string, RpcMethod>()
  readonly #log: DispatchLog

  constructor(methods: readonly RpcMethod[], log: DispatchLog) {
    this.#log = log
    for (const method of methods) for (const name of [method.name, ...method.aliases]) this.#methods.set(name, method)
  }

  /** @returns undefined when nothing is to be answered: notifications only */
  async answer(context: RpcContext, text: string): Promise<string | undefined> {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return errorText(null, new RpcError(RPC_CODE.parse, 'PARSE_ERROR', 'parse error: the request is not valid JSON'))
    }
    return Array.isArray(value) ? this.#batch(context, value) : this.#single(context, value)
  }

  async #batch(context: RpcContext, requests: readonly unknown[]): Promise<string | undefined> {
    if (requests.length === 0) return errorText(null, invalidRequest('the batch is empty'))
    if (requests.length > MAX_BATCH) {
      const message = `batch too large: send at most ${MAX_BATCH} requests at once`
      return errorText(null, new RpcError(RPC_CODE.limitExceeded, 'BATCH_TOO_LARGE', message))
    }
    const answers: (string | undefined | Promise<string | undefined>)[] = []
    let bytes = 0
    let turnEndsMs = performance.now() + TURN_MS
    const counted = (request: unknown, answer: string | undefined): string | undefined => {
      bytes += answer?.length ?? 0
      return answer === undefined || bytes <= MAX_BATCH_ANSWER_BYTES
        ? answer
        : errorText(idOf(request), answerTooLarge())
    }
    for (const request of requests) {
      if (performance.now() > turnEndsMs) {
        await setImmediate()
        turnEndsMs = performance.now() + TURN_MS
      }
      if (bytes > MAX_BATCH_ANSWER_BYTES) {
        answers.push(errorText(idOf(request), answerTooLarge()))
        continue
      }
      const answer = this.#single(context, request)
      answers.push(answer instanceof Promise ? answer.then((late) => counted(request, late)) : counted(request, answer))
    }
    const texts = (await Promise.all(answers)).filter((answer) => answer !== undefined)
    return texts.length === 0 ? undefined : `[${texts.join(',')}]`
  }

  /** At once when the handler answers at once: then a batch of reads holds one result at a time, as text. */
  #single(context: RpcContext, value: unknown): string | undefined | Promise<string | undefined> {
    let request: Request
    try {
      request = readRequest(value)
    } catch (error) {
      return errorText(idOf(value), toRpcError(error))
    }
    const { id, method, params } = request
    try {
      const result = this.#find(method).call(context, params)
      if (!(result instanceof Promise)) return id === undefined ? undefined : answerText(id, result)
      return result
        .then((late: unknown) => (id === undefined ? undefined : answerText(id, late)))
        .catch((error: unknown) => this.#failed(request, error))
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  #failed({ id, method }: Request, error: unknown): string | undefined {
    const known = toRpcError(error)
    if (known.tag === UNFORESEEN) this.#log.internalError(method, error)
    return id === undefined ? undefined : errorText(id, known)
  }

  /** @throws RpcError `METHOD_NOT_FOUND` */
  #find(name: string): RpcMethod {
    const method = this.#methods.get(name)
    if (method !== undefined) return method
    const near = nearestName(name, this.#methods.keys())
    const hint = near === undefined ? 'rpc.discover lists all' : `did you mean ${near}?`
    const shown = name.length > 64 ? `${name.slice(0, 64)}...` : name
    const message = `the method ${shown} does not exist/is not available; ${hint}`
    throw new RpcError(RPC_CODE.methodNotFound, 'METHOD_NOT_FOUND', message)
  }
}

const answerTooLarge = (): RpcError =>
  new RpcError(
    RPC_CODE.limitExceeded,
    'ANSWER_TOO_LARGE',
    'the answers of this batch are too large: ask for fewer at once',
  )
