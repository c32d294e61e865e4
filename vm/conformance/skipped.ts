/**
 * What script vectors may name and this build deliberately lacks. An entry is skipped for what it names, never for where it
 * stands in its file.
 */
import type { OpcodeName } from '../script/opcodes.ts'

/** Opcodes, each with the reason. None today: the whole table is run. */
const OPCODES: ReadonlyMap<OpcodeName, string> = new Map()

/** Rules that an entry switches on. Kaspa has had none since its genesis; an entry that names one is another engine's. */
const ANY_FLAG = 'this engine has one set of rules and no flags to switch others on'

export function whySkipped(flags: string, opcodes: Iterable<string>): string | undefined {
  const named = flags.split(',').filter((flag) => flag.trim() !== '')
  if (named.length > 0) return `flag ${named[0]}: ${ANY_FLAG}`
  for (const name of opcodes) {
    const reason = OPCODES.get(name as OpcodeName)
    if (reason !== undefined) return `${name}: ${reason}`
  }
  return undefined
}
