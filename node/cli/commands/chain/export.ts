/** `quern chain export`: blocks into an archive, or into one archive for each stretch of epochs. */
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { toHex } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import { whole } from '../../../config/kinds.ts'
import { argument } from '../../argument.ts'
import { type ChainSource, type ChainSourceFlags, openChainSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { type CommandProgress, commandProgress } from '../../progress.ts'

interface ExportFlags extends ChainSourceFlags {
  readonly from?: number
  readonly to?: number
  readonly withState?: boolean
  readonly splitEpochs?: number
}

const height = argument(whole(1, Number.MAX_SAFE_INTEGER))

export function addExportCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('export'), context)
    .description('write blocks, receipts and certificates to an archive, whole or not at all; run again, it goes on')
    .argument('<file>', 'the archive; with --split-epochs a folder')
    .option('--from <height>', 'first block (default: the oldest here)', height)
    .option('--to <height>', 'last block; ends at one that is finalised directly (default: the newest)', height)
    .option('--with-state', 'also what every block changed in the state, so that a replay names the key that differs')
    .option(
      '--split-epochs <count>',
      'one archive for each so many epochs that are over, named by heights and hash',
      argument(whole(1, 1_000_000)),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quern chain export chain.era\n  quern chain export --split-epochs 100 archives/   # for a web server that serves ranges',
    )
    .action(async (file: string, flags: ExportFlags, command: Command) => {
      const output = outputOf(command, context)
      const source = await openChainSource(flags)
      const progress = commandProgress(output)
      try {
        const archives = await exportAll(source, file, flags, progress)
        progress.end()
        output.print(archives, () => archives.map(describe).join('\n'))
      } finally {
        progress.end()
        await source.close()
      }
    })
}

interface Written {
  readonly file: string
  readonly first: number
  readonly last: number
  readonly bytes: number
  readonly lastHash: string
}

const describe = ({ file, first, last, bytes, lastHash }: Written): string =>
  `${file}: blocks ${first} to ${last} (${lastHash.slice(0, 10)}), ${(bytes / 1e6).toFixed(1)} MB`

async function exportAll(
  { genesis, chain }: ChainSource,
  place: string,
  flags: ExportFlags,
  progress: CommandProgress,
): Promise<Written[]> {
  const { exportArchive } = await import('../../../archive/export.ts')
  const { genesisBlock } = await import('../../../../consensus/genesis.ts')
  const { archiveName } = await import('../../../archive/format.ts')
  const genesisHash = toHex(genesisBlock(genesis).block.hash)
  const from = flags.from ?? Math.max(1, chain.held.blocksFrom)
  const to = flags.to ?? chain.head.header.height
  if (from > to) {
    throw new QuernError('ARCHIVE_RANGE', `no blocks from ${from} to ${to} here: change --from or --to`)
  }
  const written: Written[] = []
  const { splitEpochs } = flags
  if (splitEpochs !== undefined) fs.mkdirSync(place, { recursive: true })
  const step = splitEpochs === undefined ? Number.MAX_SAFE_INTEGER : splitEpochs * genesis.params.epochBlocks
  for (let first = from; first <= to; ) {
    const last = splitEpochs === undefined ? to : Math.ceil(first / step) * step
    // What is not over would have another name the next time.
    if (last > to) break
    const name = (): string => {
      const hashAt = (height: number): string => toHex(chain.blockAt(height)!.block.hash)
      return path.join(place, archiveName(genesisHash, first, last, hashAt(last)))
    }
    const file = splitEpochs === undefined ? place : name()
    if (splitEpochs !== undefined && fs.existsSync(file)) {
      first = last + 1
      continue
    }
    const options = { from: first, to: last, file, withWrites: flags.withState === true }
    const done = await exportArchive(genesis, chain, {
      ...options,
      onBlock: (at) => progress.show('export', at - from + 1, to - from + 1, 'blocks'),
    })
    written.push({ ...done, lastHash: toHex(done.lastHash) })
    if (done.last < last && splitEpochs !== undefined) {
      throw new QuernError(
        'STORE_CORRUPT',
        `block ${last} ends an epoch and has no finalization; run \`quern chain verify\``,
      )
    }
    first = splitEpochs === undefined ? to + 1 : last + 1
  }
  return written
}
