/**
 * A node's configuration: flags over `QUERN_*` variables over config.toml over defaults (options.ts).
 *
 * Promises: nothing is passed over. A key that no option has, a value of the wrong kind and a file that is not TOML are
 * errors that name the place and what belongs there; a missing config.toml means the defaults.
 */
import fs from 'node:fs'
import { parse, TomlError, type TomlTable } from 'smol-toml'
import { QuernError } from '../../core/errors.ts'
import { nearestName } from '../rpc/near-miss.ts'
import { type Config, OPTION_ENTRIES, OPTIONS, type OptionEntry, type PartialConfig } from './options.ts'

export type ConfigErrorCode = 'CONFIG_UNREADABLE' | 'CONFIG_SYNTAX' | 'CONFIG_UNKNOWN_KEY' | 'CONFIG_VALUE'

/** Every option with a long comment takes some 5 KiB; a list may be long. */
const MAX_FILE_BYTES = 1 << 20

/** Values by `tomlName`. */
type Values = Map<string, unknown>

export interface ConfigSources {
  /** config.toml; it may be missing. */
  readonly file: string
  readonly env: NodeJS.ProcessEnv
  /** What the command line said, already of the right kinds. */
  readonly flags?: PartialConfig
}

/** @throws QuernError `ConfigErrorCode` */
export function loadConfig({ file, env, flags = {} }: ConfigSources): Config {
  return assemble([valuesOf(flags), fromEnvironment(env), fromFile(file)])
}

/** The defaults with some of them replaced. */
export const configWith = (given: PartialConfig): Config => assemble([valuesOf(given)])

/** The first that has an option decides it. */
function assemble(layers: readonly Values[]): Config {
  const config: Record<string, Record<string, unknown>> = {}
  for (const { section, key, tomlName, byDefault } of OPTION_ENTRIES) {
    const layer = layers.find((values) => values.has(tomlName))
    config[section] = { ...config[section], [key]: layer === undefined ? byDefault : layer.get(tomlName) }
  }
  return config as unknown as Config
}

function valuesOf(given: PartialConfig): Values {
  const values: Values = new Map()
  for (const { section, key, tomlName } of OPTION_ENTRIES) {
    const value = (given[section] as Readonly<Record<string, unknown>> | undefined)?.[key]
    if (value !== undefined) values.set(tomlName, value)
  }
  return values
}

function fromEnvironment(env: NodeJS.ProcessEnv): Values {
  const values: Values = new Map()
  for (const { variable, kind, tomlName } of OPTION_ENTRIES) {
    const text = env[variable]
    if (text === undefined) continue
    const value = kind.parse(text)
    if (value === undefined) throw wrongValue(variable, variable, kind.expected, text)
    values.set(tomlName, value)
  }
  return values
}

function fromFile(file: string): Values {
  const text = readText(file)
  const values: Values = new Map()
  if (text === undefined) return values
  for (const [section, table] of Object.entries(parseToml(file, text))) {
    if (!Object.hasOwn(OPTIONS, section)) throw unknownKey(file, section, Object.keys(OPTIONS))
    if (typeof table !== 'object' || Array.isArray(table) || table instanceof Date) {
      throw wrongValue(file, section, `a section: write [${section}] and its options below`, table)
    }
    for (const [name, value] of Object.entries(table)) {
      const { kind, tomlName } = entryOf(file, section, name)
      const read = kind.read(value)
      if (read === undefined) throw wrongValue(file, tomlName, kind.expected, value)
      values.set(tomlName, read)
    }
  }
  return values
}

function readText(file: string): string | undefined {
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) {
      throw new QuernError('CONFIG_SYNTAX', `${file} is longer than ${MAX_FILE_BYTES} bytes: not a configuration`)
    }
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof QuernError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new QuernError('CONFIG_UNREADABLE', `cannot read ${file} (${code}): check its permissions`, {}, { cause })
  }
}

function parseToml(file: string, text: string): TomlTable {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The rest of its message draws the place.
    const why = cause.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')
    throw new QuernError('CONFIG_SYNTAX', `${file}, line ${cause.line}: ${why}`, { line: cause.line }, { cause })
  }
}

function entryOf(file: string, section: string, name: string): OptionEntry {
  const tomlName = `${section}.${name}`
  const entry = OPTION_ENTRIES.find((candidate) => candidate.tomlName === tomlName)
  if (entry !== undefined) return entry
  const names = OPTION_ENTRIES.map((candidate) => candidate.tomlName)
  throw unknownKey(file, tomlName, names)
}

function unknownKey(file: string, key: string, known: readonly string[]): QuernError<ConfigErrorCode> {
  const meant = nearestName(key, known)
  const advice = meant === undefined ? 'remove it, or compare with a fresh `quern init`' : `did you mean "${meant}"?`
  return new QuernError('CONFIG_UNKNOWN_KEY', `${file}: there is no option "${key}": ${advice}`, { key })
}

/** Values may be long; the message is one line. */
const MAX_SHOWN = 80

function wrongValue(place: string, key: string, expected: string, given: unknown): QuernError<ConfigErrorCode> {
  const shown = (JSON.stringify(given) ?? String(given)).slice(0, MAX_SHOWN)
  const where = place === key ? key : `${place}: ${key}`
  return new QuernError('CONFIG_VALUE', `${where} must be ${expected}, not ${shown}`, { key })
}
