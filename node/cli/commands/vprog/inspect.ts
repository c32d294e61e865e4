/** `quern vprog inspect`: a program, a transaction or an output, read from the chain. */
import type { Command } from 'commander'
import { toHex } from '../../../../core/bytes.ts'
import { type CliContext, outputOf, withRpc } from '../../context.ts'
import type { Output } from '../../output.ts'
import { type RpcClient, rpcClient } from '../../rpc-client.ts'
import { hash32 } from '../../vprog/arguments.ts'

export function addInspectCommand(vprog: Command, context: CliContext): void {
  withRpc(vprog.command('inspect [what]'), context)
    .description('show a program by the id of its covenant, a transaction by its hash, or an output by TXID:INDEX')
    .addHelpText(
      'after',
      '\nWithout an argument: all programs of the chain.\n\nExamples:\n  quern vprog inspect\n  quern vprog inspect 0x83c2...9a10',
    )
    .action(async (what: string | undefined, options: { rpc: string }, command: Command) =>
      inspect(what, rpcClient(options.rpc), outputOf(command, context)),
    )
}

async function inspect(what: string | undefined, client: RpcClient, output: Output): Promise<void> {
  if (what === undefined) {
    const { allPrograms, programsScreen } = await import('../../vprog/inspect/programs.ts')
    const programs = await allPrograms(client)
    output.print(programs, () => programsScreen(programs))
    return
  }
  if (what.includes(':')) {
    const { outputScreen } = await import('../../vprog/inspect/output.ts')
    const { outputAt } = await import('../../vprog/output.ts')
    const shown = await outputAt(client, what)
    output.print(shown, () => outputScreen(shown))
    return
  }
  const { covenantReport, covenantScreen } = await import('../../vprog/inspect/covenant.ts')
  const id = toHex(hash32(what, 'what to inspect'))
  const covenant = await covenantReport(client, id)
  if (covenant !== undefined) {
    output.print(covenant, () => covenantScreen(covenant))
    return
  }
  const { transactionReport, transactionScreen } = await import('../../vprog/inspect/transaction.ts')
  const transaction = await transactionReport(client, id)
  output.print(transaction, () => transactionScreen(transaction))
}
