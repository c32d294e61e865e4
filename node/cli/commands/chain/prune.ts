/** `quern chain prune`: forgets old blocks and states of a stopped node at once. */
import type { Command } from 'commander'
import { QuernError } from '../../../../core/errors.ts'
import { loadConfig } from '../../../config/config.ts'
import { homePaths } from '../../../config/home-paths.ts'
import { whole } from '../../../config/kinds.ts'
import { argument } from '../../argument.ts'
import { type ChainSourceFlags, openChainSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { fields } from '../../output.ts'
import { commandProgress } from '../../progress.ts'

interface PruneFlags extends ChainSourceFlags {
  readonly keepBlocks?: number
  readonly keepStates?: number
}

const count = argument(whole(0, Number.MAX_SAFE_INTEGER))

export function addPruneCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('prune'), context)
    .description('forget old blocks and states, as a full node does bit by bit; the node must be stopped')
    .option('--keep-blocks <n>', 'blocks to keep (default: as in config.toml), the unbonding time at least', count)
    .option('--keep-states <n>', 'blocks whose states to keep (default: as in config.toml), two epochs at least', count)
    .addHelpText(
      'after',
      '\nWhat is forgotten can only be fetched from an archive node again. Interrupted, it may simply be run once more.\n\nExample:\n  quern chain prune --keep-states 1000',
    )
    .action((flags: PruneFlags, command: Command) => prune(flags, command, context))
}

async function prune(flags: PruneFlags, command: Command, context: CliContext): Promise<void> {
  const output = outputOf(command, context)
  const { chain: config } = loadConfig({ file: homePaths(flags.home).config, env: context.env })
  const { keepBlocks = config.keepBlocks, keepStates = config.keepStates } = flags
  const source = await openChainSource(flags)
  const progress = commandProgress(output)
  try {
    const { heldUnder, retentionOf } = await import('../../../storage/retention.ts')
    const { chain, genesis, store } = source
    const retention = retentionOf({ mode: 'full', keepBlocks, keepStates }, genesis.params)
    if (retention === undefined) throw new QuernError('ARGUMENT_INVALID', 'an archive keeps everything')
    const wanted = heldUnder(retention, chain.head.header.height)
    const before = chain.held
    const total = Math.max(wanted.blocksFrom - before.blocksFrom, wanted.statesFrom - before.statesFrom)
    let steps = 0
    while (await chain.prune(wanted)) progress.show('pruning', ++steps, total, 'blocks')
    // What was deleted lies on the disk until LevelDB writes its tables anew.
    await store.compact()
    progress.end()
    output.print({ before, after: chain.held, height: chain.head.header.height }, () =>
      fields([
        ['blocks', `from ${before.blocksFrom} to ${chain.held.blocksFrom} on`],
        ['states', `from ${before.statesFrom} to ${chain.held.statesFrom} on`],
      ]),
    )
  } finally {
    progress.end()
    await source.close()
  }
}
