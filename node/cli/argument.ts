/** Reads what stands behind a flag, or ends with commander's own message. */
import { InvalidArgumentError } from 'commander'
import type { Kind } from '../config/kinds.ts'

export const argument =
  <T>(kind: Pick<Kind<T>, 'parse' | 'expected'>) =>
  (text: string): T => {
    const value = kind.parse(text)
    if (value === undefined) throw new InvalidArgumentError(`expected ${kind.expected}`)
    return value
  }
