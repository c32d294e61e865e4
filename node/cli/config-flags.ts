/** The flags of `quern start`, made from the table of options. */
import type { Command } from 'commander'
import { OPTION_ENTRIES, type OptionEntry, type PartialConfig } from '../config/options.ts'
import { argument } from './argument.ts'

const isYesNo = ({ byDefault }: OptionEntry): boolean => typeof byDefault === 'boolean'

/** commander's own name for what a flag gave. */
const attributeOf = ({ flag }: OptionEntry): string =>
  flag.replace(/-[a-z0-9]/g, (letter) => letter.slice(1).toUpperCase())

export function addConfigFlags(command: Command): Command {
  for (const entry of OPTION_ENTRIES) {
    const { flag, help, kind, byDefault, variable } = entry
    const shown = `${help} (env ${variable}, default ${kind.write(byDefault)})`
    if (isYesNo(entry)) {
      command.option(`--${flag}`, shown).option(`--no-${flag}`, `not --${flag}`)
      continue
    }
    if (Array.isArray(byDefault)) command.option(`--${flag} <list>`, shown, listArgument(kind))
    else command.option(`--${flag} <value>`, shown, argument(kind))
  }
  return command
}

/** A list with commas; a flag that stands again adds to it. */
const listArgument = (kind: OptionEntry['kind']) => {
  const read = argument(kind)
  return (text: string, before: unknown): unknown => {
    const added = read(text)
    return Array.isArray(before) && Array.isArray(added) ? [...before, ...added] : added
  }
}

/** What the command line said about the node's options; nothing where it said nothing. */
export function configOf(flags: Readonly<Record<string, unknown>>): PartialConfig {
  const config: Record<string, Record<string, unknown>> = {}
  for (const entry of OPTION_ENTRIES) {
    const value = flags[attributeOf(entry)]
    if (value !== undefined) config[entry.section] = { ...config[entry.section], [entry.key]: value }
  }
  return config as PartialConfig
}
