/** `quern chain size`: what takes how much room in a node's store. */
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { type ChainSourceFlags, openChainSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { fields, table } from '../../output.ts'
import { commandProgress } from '../../progress.ts'

export function addSizeCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('size'), context)
    .description('keys and bytes of each table of the store, and the average for a block; the node must be stopped')
    .addHelpText('after', '\nExamples:\n  quern chain size\n  quern chain size --home devnet/validator-0 --json')
    .action((flags: ChainSourceFlags, command: Command) => size(flags, command, context))
}

async function size(flags: ChainSourceFlags, command: Command, context: CliContext): Promise<void> {
  const output = outputOf(command, context)
  const source = await openChainSource(flags)
  const progress = commandProgress(output)
  try {
    const { measureTables } = await import('../../../storage/size.ts')
    const tables = await measureTables(source.store, (rows) => progress.show('reading', rows, undefined, 'keys'))
    progress.end()
    const { held, head } = source.chain
    const { height } = head.header
    const blocks = height - held.blocksFrom + 1
    const diskBytes = folderBytes(source.directory)
    const rows = tables.map((row) => {
      const bytes = row.keyBytes + row.valueBytes
      return { ...row, bytes, bytesPerBlock: Math.round(bytes / blocks) }
    })
    const total = rows.reduce((sum, { bytes }) => sum + bytes, 0)
    const value = { height, ...held, diskBytes, bytes: total, tables: rows }
    output.print(value, () =>
      [
        fields([
          ['blocks', `${held.blocksFrom} to ${height}`],
          ['states', `${held.statesFrom} to ${height}`],
          ['on disk', `${bytesText(diskBytes)} (compressed, with logs)`],
        ]),
        '',
        table(
          ['TABLE', 'KEYS', 'BYTES', 'SHARE', 'PER BLOCK'],
          rows.map((row) => [
            row.table,
            String(row.keys),
            bytesText(row.bytes),
            `${((100 * row.bytes) / Math.max(1, total)).toFixed(1)} %`,
            bytesText(row.bytesPerBlock),
          ]),
        ),
      ].join('\n'),
    )
  } finally {
    progress.end()
    await source.close()
  }
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1_024 && unit < UNITS.length - 1; unit++) value /= 1_024
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

const folderBytes = (directory: string): number =>
  fs.readdirSync(directory).reduce((sum, name) => sum + fs.statSync(path.join(directory, name)).size, 0)
