/**
 * Errors are values with a stable `code`, flat metadata and a one-line message that says what to do next.
 * Each domain has one union of codes; the JSON-RPC layer maps every code to `data.tag`.
 */

export type ErrorMeta = Readonly<Record<string, string | number | bigint | boolean>>

/** An error with a stable machine-readable code. Decoders and constructors throw it; validation returns `Failure`. */
export class QuernError<Code extends string = string> extends Error {
  readonly code: Code
  readonly meta: ErrorMeta

  constructor(code: Code, message: string, meta: ErrorMeta = {}, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'QuernError'
    this.code = code
    this.meta = meta
  }
}

/** Why a check said no. The same shape as `QuernError`, without a stack, for paths where refusal is ordinary. */
export interface Failure<Code extends string = string> {
  readonly code: Code
  readonly message: string
  readonly meta?: ErrorMeta
}

export type Result<T, Code extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure<Code> }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const fail = <Code extends string>(
  code: Code,
  message: string,
  meta?: ErrorMeta,
): { readonly ok: false; readonly error: Failure<Code> } => ({
  ok: false,
  error: meta === undefined ? { code, message } : { code, message, meta },
})

/**
 * A condition our own code guarantees. It stays on in production: a node that finds its own state impossible must
 * stop rather than sign something about it.
 * @throws QuernError `ASSERTION_FAILED`
 */
export function assert(condition: boolean, message: string, meta?: ErrorMeta): asserts condition {
  if (!condition) throw new QuernError('ASSERTION_FAILED', message, meta)
}

/** For a log line or an error's text: whatever was thrown, in words. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
