/** config.toml as `quern init` writes it: every option with what it does, its other names and its default. */
import { configWith } from './config.ts'
import { OPTION_ENTRIES, OPTIONS, type PartialConfig } from './options.ts'

/** @param given options that differ from their defaults */
export function configText(given: PartialConfig = {}): string {
  const config = configWith(given)
  const lines = [
    '# Configuration of a Quern node.',
    '# A flag of `quern start` is stronger than a QUERN_ variable, and a variable than what stands here.',
  ]
  for (const section of Object.keys(OPTIONS)) {
    lines.push('', `[${section}]`)
    for (const { key, tomlName, flag, variable, help, kind, byDefault } of OPTION_ENTRIES.filter(
      (entry) => entry.section === section,
    )) {
      const values = config[section as keyof typeof config] as Readonly<Record<string, unknown>>
      lines.push(
        `# ${help}`,
        `# --${flag}, ${variable}, default ${kind.write(byDefault)}`,
        `${tomlName.slice(section.length + 1)} = ${kind.write(values[key])}`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}
