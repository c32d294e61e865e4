/** The kinds of values that options have: how each reads from TOML, from a flag or variable, and how it is written. */

export interface Kind<T> {
  /** What is accepted, in words that fit after "must be". */
  readonly expected: string
  /** A value as the TOML reader gives it; undefined = not of this kind. */
  read(value: unknown): T | undefined
  /** The text of a flag or of an environment variable; undefined = not of this kind. */
  parse(text: string): T | undefined
  /** As TOML. */
  write(value: T): string
}

/** JSON's string is a TOML basic string. */
const quote = (text: string): string => JSON.stringify(text)

export function whole(least: number, most: number): Kind<number> {
  const read = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : undefined
  return {
    expected: `a whole number from ${least} to ${most}`,
    read,
    parse: (text) => (/^\d{1,16}$/.test(text) ? read(Number(text)) : undefined),
    write: String,
  }
}

export const yesNo: Kind<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  parse: (text) => ({ true: true, 1: true, false: false, 0: false })[text],
  write: String,
}

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  const read = (value: unknown): T | undefined => words.find((word) => word === value)
  return { expected: `one of ${words.join(', ')}`, read, parse: read, write: quote }
}

/** @param expected of the whole, `pattern` must match all of it */
export function text(expected: string, pattern: RegExp): Kind<string> {
  const read = (value: unknown): string | undefined =>
    typeof value === 'string' && pattern.test(value) ? value : undefined
  return { expected, read, parse: read, write: quote }
}

/** A list of more is a mistake; the network reads every entry at its start. */
const MAX_LIST = 256

/** In TOML an array; in flags and variables separated by commas, empty text for none. */
export function list(of: Kind<string>): Kind<readonly string[]> {
  const read = (value: unknown): readonly string[] | undefined => {
    if (!Array.isArray(value) || value.length > MAX_LIST) return undefined
    const items = value.map((item) => of.read(item))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  return {
    expected: `a list (at most ${MAX_LIST}) of ${of.expected}`,
    read,
    parse: (given) =>
      read(
        given
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
    write: (items) => `[${items.map(quote).join(', ')}]`,
  }
}
