/** `quern doctor`: is the node of this home, and its machine, in good order, and what to do where they are not. */
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { failures, lineOf } from '../../doctor/check.ts'
import { type CliContext, outputOf, withHome, withRpc } from '../context.ts'
import { checkEndpoint } from '../rpc-client.ts'

interface DoctorFlags {
  readonly home: string
  readonly rpc: string
}

export function addDoctorCommand(program: Command, context: CliContext): void {
  withRpc(withHome(program.command('doctor'), context), context)
    .description('is this node in good order? home, keys, chain, clock, peers, ports, disk, memory')
    .addHelpText(
      'after',
      '\nThe node may run or not. Exits with 1 when a check fails.\n\nExample:\n  quern doctor --rpc http://127.0.0.1:8545',
    )
    .action(async ({ home, rpc }: DoctorFlags, command: Command) => {
      checkEndpoint(rpc)
      // Loaded here, not above: the network's libraries take a while.
      const { see } = await import('../../doctor/see.ts')
      const { checksOf } = await import('../../doctor/checks.ts')
      const checks = checksOf(await see({ home, rpc, version: context.version, env: context.env }))
      const fails = failures(checks)
      outputOf(command, context).print({ ok: fails.length === 0, checks }, () => checks.map(lineOf).join('\n'))
      if (fails.length > 0) throw new QuernError('NODE_UNFIT', `not in good order: ${fails.join(', ')}`)
    })
}
