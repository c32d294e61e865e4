/** `quern chain inspect`: one screen of everything about a block, a transaction or an address. */
import type { Command } from 'commander'
import { whole } from '../../../config/kinds.ts'
import type { Inspection } from '../../../inspect/types.ts'
import { addressReader } from '../../address.ts'
import { argument } from '../../argument.ts'
import { type ChainSourceFlags, openChainSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'

interface InspectFlags extends ChainSourceFlags {
  readonly rpc?: string
  readonly blocks: number
}

/** A devnet's last half minute; each block is one question to the node. */
const DEFAULT_ACTIVITY_BLOCKS = 64
/** As many questions as a node answers in some seconds. */
const MAX_ACTIVITY_BLOCKS = 10_000

export function addInspectCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('inspect'), context)
    .description(
      'everything about one block, transaction or address; of a running node with --rpc, else of a stopped one',
    )
    .argument('<what>', 'height, latest, block hash, transaction hash, address or name of one of your keys')
    .option('--rpc <url>', 'JSON-RPC endpoint of a running node')
    .option(
      '--blocks <count>',
      'of an address: how many blocks back its transactions are looked for',
      argument(whole(0, MAX_ACTIVITY_BLOCKS)),
      DEFAULT_ACTIVITY_BLOCKS,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quern chain inspect 120\n  quern chain inspect 0x5308...4681 --rpc http://127.0.0.1:8545\n' +
        '  quern chain inspect alice --blocks 1000 --json',
    )
    .action(async (what: string, flags: InspectFlags, command: Command) => {
      const inspection = await gather(what, flags, context)
      const { show } = await import('../../../inspect/show.ts')
      outputOf(command, context).print(inspection, () => show(inspection))
    })
}

async function gather(what: string, flags: InspectFlags, context: CliContext): Promise<Inspection> {
  const { inspect } = await import('../../../inspect/inspect.ts')
  const options = { activityBlocks: flags.blocks, readAddress: addressReader(context.env) }
  if (flags.rpc !== undefined) {
    const { rpcClient } = await import('../../rpc-client.ts')
    return inspect(rpcClient(flags.rpc).call, what, options)
  }
  const source = await openChainSource(flags)
  try {
    const { callerOf, StoredNode } = await import('../../../inspect/stored-node.ts')
    const { openRules } = await import('../../../execution-rules.ts')
    const node = new StoredNode(source.chain, source.genesis, await openRules(source.genesis, source.circuitFile))
    return await inspect(await callerOf(node, context.version), what, options)
  } finally {
    await source.close()
  }
}
