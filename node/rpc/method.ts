/**
 * One JSON-RPC method: name, parameters and result as JSON Schema, an example, and the handler whose types follow from
 * them. One file per method in methods/; `rpc.discover` (OpenRPC) and the parameter checks are made from these values.
 */
import { Type, type Static, type TSchema, type TTuple } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { DevControls, NodeApi } from '../api.ts'
import type { FilterStore } from './filters.ts'
import { invalidParams } from './errors.ts'

export interface ParamSpec<S extends TSchema = TSchema, Optional extends boolean = boolean> {
  readonly name: string
  readonly schema: S
  readonly optional: Optional
}

export const required = <S extends TSchema>(name: string, schema: S): ParamSpec<S, false> => ({ name, schema, optional: false })
export const optional = <S extends TSchema>(name: string, schema: S): ParamSpec<S, true> => ({ name, schema, optional: true })

type ParamValue<P> = P extends ParamSpec<infer S, infer O> ? (O extends true ? Static<S> | undefined : Static<S>) : never
export type ParamValues<P extends readonly ParamSpec[]> = { [I in keyof P]: ParamValue<P[I]> }

/** Where a subscription's notifications go. Absent over HTTP. */
export interface Connection {
  /** @throws RpcError `SUBSCRIPTION_LIMIT` */
  subscribe(start: (notify: (result: unknown) => void) => () => void, method?: string): string
  unsubscribe(id: string): boolean
}

export interface RpcContext {
  readonly node: NodeApi
  /** Present on devnets only. */
  readonly dev: DevControls | undefined
  readonly filters: FilterStore
  /** Present over WebSocket only. */
  readonly connection: Connection | undefined
  readonly clientVersion: string
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
  call(context: RpcContext, params: unknown): Promise<unknown>
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
  const named = given as Record<string, unknown>
  const unknown = Object.keys(named).find((key) => !specs.some((spec) => spec.name === key))
  if (unknown !== undefined) throw invalidParams(`unknown parameter "${unknown}"`)
  return specs.map((spec) => named[spec.name])
}

export function defineMethod<const P extends readonly ParamSpec[]>(definition: MethodDefinition<P>): RpcMethod {
  const checks: TypeCheck<TSchema>[] = definition.params.map((spec) => TypeCompiler.Compile(spec.schema))
  return {
    name: definition.name,
    summary: definition.summary,
    params: definition.params,
    result: definition.result,
    example: definition.example,
    devOnly: definition.devOnly ?? false,
    aliases: definition.aliases ?? [],
    async call(context, params) {
      const values = positional(definition.params, params)
      for (const [i, spec] of definition.params.entries()) {
        const value = values[i]
        if (value === undefined && spec.optional) continue
        if (value === undefined) throw invalidParams(`missing parameter "${spec.name}" (position ${i})`)
        const error = checks[i]!.Errors(value).First()
        if (error !== undefined) {
          throw invalidParams(`parameter "${spec.name}"${error.path}: ${error.message}`, { parameter: spec.name })
        }
      }
      return definition.handler(context, ...(values as unknown as ParamValues<P>))
    },
  }
}

export { Type }
export type { Static, TTuple }
