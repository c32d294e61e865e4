/**
 * Vectors of other implementations, held against this build: each file format is one module here, a generator of checks.
 *
 *     JSON or lines ── reader of the format ──> checks: passed, failed with what was expected, skipped with the reason
 *
 * It promises: a check says what its file says, never more; a file that is none of the format is a typed error
 * (`VECTOR_MALFORMED`) at the place that is wrong; what is skipped follows from skipped.ts alone.
 */
import type { ZkVerdict } from '../zk/errors.ts'

export type Check =
  | { readonly name: string; readonly verdict: 'passed' }
  | { readonly name: string; readonly verdict: 'failed'; readonly expected: string; readonly found: string }
  | { readonly name: string; readonly verdict: 'skipped'; readonly reason: string }

/** Passed where `found` is the same as `expected`. */
export const compare = (name: string, expected: string, found: string): Check =>
  expected === found ? { name, verdict: 'passed' } : { name, verdict: 'failed', expected, found }

export const codeOf = (verdict: ZkVerdict): string => (verdict.ok ? 'accepted' : verdict.error.code)

/** The code that a failure's name in a file stands for: the longest start of the name that the table knows. */
export function codeOfClass(codes: Readonly<Record<string, string>>, name: string): string | undefined {
  const known = Object.keys(codes).filter((start) => name.startsWith(start))
  return codes[known.sort((a, b) => b.length - a.length)[0] ?? '']
}
