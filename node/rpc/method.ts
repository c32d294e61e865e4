/**
 * One JSON-RPC method: name, parameters and result as JSON Schema, an example, and the handler whose types follow from
 * them. One file per method in methods/; `rpc.discover` (OpenRPC) and the parameter checks are made from these values.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { DevControls, NodeApi } from '../api.ts'
import { invalidParams, RPC_CODE, RpcError } from './errors.ts'
import type { FilterStore } from './filters.ts'

export interface ParamSpec<S extends TSchema = TSchema, Optional extends boolean = boolean> {
  readonly name: string
  readonly schema: S
  readonly optional: Optional
}

export const required = <S extends TSchema>(name: string, schema: S): ParamSpec<S, false> => ({
  name,
  schema,
  optional: false,
})
export const optional = <S extends TSchema>(name: string, schema: S): ParamSpec<S, true> => ({
  name,
  schema,
  optional: true,
})

type ParamValue<P> =
  P extends ParamSpec<infer S, infer O> ? (O extends true ? Static<S> | undefined : Static<S>) : never
export type ParamValues<P extends readonly ParamSpec[]> = { [I in keyof P]: ParamValue<P[I]> }

/**
 * Sends `{jsonrpc, method, params: {subscription, ...payload}}`. After the connection has closed, or was closed because
 * its backlog grew too large, it does nothing.
 */
export type Notify = (payload: Readonly<Record<string, unknown>>) => void

/** Where a subscription's notifications go. Absent over HTTP. */
export interface Connection {
  /**
   * Opens a subscription and returns its id. `start` is called once, right after the answer with that id has been sent,
   * so that no notification overtakes it; the function it returns ends the subscription.
   * @param method of the notifications: `eth_subscription`, `chain_subscription`
   * @throws RpcError `SUBSCRIPTION_LIMIT`
   */
  subscribe(method: string, start: (notify: Notify) => () => void): string
  unsubscribe(id: string): boolean
  /** Resolves once little enough waits to be sent, so that a long replay does not pile up; at once when closed. */
  ready(): Promise<void>
}

export interface RpcContext {
  readonly node: NodeApi
  /** Present on devnets only. */
  readonly dev: DevControls | undefined
  readonly filters: FilterStore
  /** Present over WebSocket only. */
  readonly connection: Connection | undefined
  readonly clientVersion: string
  /** All that this node answers, for `rpc.discover`. */
  readonly methods: readonly RpcMethod[]
}

export interface RpcMethod {
  readonly name: string
  readonly summary: string
  readonly params: readonly ParamSpec[]
  readonly result: TSchema
  /** Shown in the OpenRPC document; the conformance test checks it against the schemas. */
  readonly example: { readonly params: readonly unknown[]; readonly result: unknown }
  /** Refused on networks without DevControls. */
  readonly devOnly: boolean
  /** Other names that answer the same, such as anvil's. */
  readonly aliases: readonly string[]
  /**
   * Checks the parameters and runs the handler.
   * @returns the result, or a promise of it: most reads answer at once, and the server then need not wait
   * @throws RpcError; whatever else is thrown goes through `toRpcError`
   */
  call(context: RpcContext, params: unknown): unknown
}

interface MethodDefinition<P extends readonly ParamSpec[]> {
  readonly name: string
  readonly summary: string
  readonly params: P
  readonly result: TSchema
  readonly example: { readonly params: readonly unknown[]; readonly result: unknown }
  readonly devOnly?: boolean
  readonly aliases?: readonly string[]
  readonly handler: (context: RpcContext, ...params: ParamValues<P>) => unknown
}

/** By-name parameters become positional; missing optional ones become undefined. */
function positional(specs: readonly ParamSpec[], params: unknown): unknown[] {
  const given = params ?? []
  if (Array.isArray(given)) {
    if (given.length > specs.length) throw invalidParams(`too many parameters: expected at most ${specs.length}`)
    // Clients send null for "not given" (ethers, web3.js).
    return specs.map((spec, i) => (spec.optional && given[i] === null ? undefined : given[i]))
  }
  if (typeof given !== 'object') throw invalidParams('params must be an array or an object')
  const named = given as Readonly<Record<string, unknown>>
  const unknown = Object.keys(named).find((key) => !specs.some((spec) => spec.name === key))
  if (unknown !== undefined) throw invalidParams(`unknown parameter "${unknown}"`)
  return specs.map((spec) => (Object.hasOwn(named, spec.name) ? (named[spec.name] ?? undefined) : undefined))
}

/** `{height: 5}` means the same by name and as the only element of a list: people write both. */
function unwrapNamed(specs: readonly ParamSpec[], params: unknown): unknown {
  if (!Array.isArray(params) || params.length !== 1) return params
  const only: unknown = params[0]
  if (typeof only !== 'object' || only === null || Array.isArray(only)) return params
  const keys = Object.keys(only)
  const areNames = keys.length > 0 && keys.every((key) => specs.some((spec) => spec.name === key))
  return areNames ? only : params
}

function checkParam(spec: ParamSpec, check: TypeCheck<TSchema>, value: unknown, position: number): void {
  if (value === undefined) {
    if (spec.optional) return
    throw invalidParams(`missing parameter "${spec.name}" (position ${position})`, { parameter: spec.name })
  }
  if (check.Check(value)) return
  const error = check.Errors(value).First()
  const { description } = spec.schema
  const expected = description === undefined ? error?.message : `expected ${description}`
  throw invalidParams(`parameter "${spec.name}"${error?.path ?? ''}: ${expected}`, { parameter: spec.name })
}

export function defineMethod<const P extends readonly ParamSpec[]>(definition: MethodDefinition<P>): RpcMethod {
  const { name, summary, params, result, example, handler } = definition
  const devOnly = definition.devOnly ?? false
  const checks: TypeCheck<TSchema>[] = params.map((spec) => TypeCompiler.Compile(spec.schema))
  return {
    name,
    summary,
    params,
    result,
    example,
    devOnly,
    aliases: definition.aliases ?? [],
    call(context, given) {
      if (devOnly && context.dev === undefined) {
        throw new RpcError(RPC_CODE.methodNotSupported, 'DEVNET_ONLY', `${name} exists on devnets only`)
      }
      const values = positional(params, unwrapNamed(params, given))
      for (const [i, spec] of params.entries()) checkParam(spec, checks[i]!, values[i], i)
      return handler(context, ...(values as unknown as ParamValues<P>))
    },
  }
}

/** The DevControls of a `devOnly` method's handler. */
export function devControls(context: RpcContext): DevControls {
  if (context.dev !== undefined) return context.dev
  throw new RpcError(RPC_CODE.methodNotSupported, 'DEVNET_ONLY', 'this method exists on devnets only')
}

export type { Static }
export { Type }
