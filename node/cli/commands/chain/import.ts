/** `quern chain import`: an archive's blocks into a stopped node's store, each of them executed and verified. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { toHex } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import { homePaths } from '../../../config/home-paths.ts'
import { whole } from '../../../config/kinds.ts'
import { argument } from '../../argument.ts'
import { type ChainSourceFlags, circuitFileOf, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { fields, type Output } from '../../output.ts'
import { commandProgress } from '../../progress.ts'

interface ImportFlags extends ChainSourceFlags {
  readonly threads: number
}

export function addImportCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('import'), context)
    .description('execute and verify the blocks of an archive, from where the store ends; run again, it goes on')
    .argument('<archive>', 'a file, or an http(s) address of a server that serves ranges')
    .option('--threads <count>', 'threads to check signatures with', argument(whole(1, 256)), availableParallelism())
    .addHelpText('after', '\nExample:\n  quern init --genesis genesis.json && quern chain import chain.era')
    .action(async (archive: string, flags: ImportFlags, command: Command) => {
      const output = outputOf(command, context)
      const answer = await importInto(archive, flags, output)
      output.print(answer, () =>
        fields([
          ['imported', `${answer.blocks} blocks, ${answer.transactions} transactions in ${answer.seconds} s`],
          ['head', `${answer.height}  ${answer.hash}`],
          ['stateRoot', answer.stateRoot],
        ]),
      )
    })
}

async function importInto(archive: string, flags: ImportFlags, output: Output) {
  const { ArchiveReader } = await import('../../../archive/archive-reader.ts')
  const { importArchive } = await import('../../../archive/import.ts')
  const { readGenesis } = await import('../../../config/genesis-file.ts')
  const { genesisEntry } = await import('../../../genesis-entry.ts')
  const { ChainStore } = await import('../../../storage/chain-store.ts')
  const { LevelStore } = await import('../../../storage/level-store.ts')
  const paths = homePaths(flags.home)
  const genesis = readGenesis(flags.genesis ?? paths.genesis)
  const first = genesisEntry(genesis)
  const reader = await ArchiveReader.open(archive)
  try {
    if (toHex(reader.genesisHash) !== toHex(first.block.hash)) {
      throw new QuernError('ARCHIVE_OTHER_CHAIN', 'the archive is of another chain than the genesis file: check both')
    }
    const store = await LevelStore.open(flags.store ?? paths.data)
    try {
      const chain = await ChainStore.open(store, first)
      const from = chain.head.header.height
      const startMs = performance.now()
      const progress = commandProgress(output)
      const { blocks, transactions } = await importArchive(reader, chain, {
        threads: flags.threads - 1,
        circuitFile: await circuitFileOf(flags),
        onBlock: (height) => progress.show('import', height - from, reader.last - from, 'blocks'),
      }).finally(() => progress.end())
      const { header, hash } = chain.head
      const seconds = Math.round(performance.now() - startMs) / 1_000
      const { height, stateRoot } = header
      return { blocks, transactions, seconds, height, hash: toHex(hash), stateRoot: toHex(stateRoot) }
    } finally {
      await store.close()
    }
  } finally {
    await reader.close()
  }
}
