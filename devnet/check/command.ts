/** `quern devnet check`: is the network that runs here healthy? */
import type { Command } from 'commander'
import { QuernError } from '../../core/errors.ts'
import { argument } from '../../node/cli/argument.ts'
import { type CliContext, outputOf, withRpc } from '../../node/cli/context.ts'
import { checkEndpoint } from '../../node/cli/rpc-client.ts'
import { whole } from '../../node/config/kinds.ts'
import { observe } from './observe.ts'
import { type Finding, verdict } from './verdict.ts'

interface CheckFlags {
  readonly rpc: string
  readonly seconds: number
}

/** A devnet with the default interval makes some twenty blocks in this time. */
const DEFAULT_SECONDS = 10
const MAX_SECONDS = 3_600

const line = ({ name, ok, detail, advice }: Finding): string =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(14)}  ${detail}${advice === undefined ? '' : `: ${advice}`}`

export function addCheckCommand(devnet: Command, context: CliContext): void {
  withRpc(devnet.command('check'), context)
    .description('a verdict on a running network: finalising, no forks, participation, workers paid, peers')
    .option(
      '--seconds <n>',
      'how long to wait at most for new blocks',
      argument(whole(1, MAX_SECONDS)),
      DEFAULT_SECONDS,
    )
    .addHelpText(
      'after',
      '\nExits with 1 when anything failed.\n\nExample:\n  quern devnet check --rpc http://127.0.0.1:8545',
    )
    .action(async (flags: CheckFlags, command: Command) => {
      checkEndpoint(flags.rpc)
      const findings = verdict(await observe(flags.rpc, flags.seconds))
      const failed = findings.filter(({ ok }) => !ok).map(({ name }) => name)
      const ok = failed.length === 0
      outputOf(command, context).print({ ok, findings }, () => findings.map(line).join('\n'))
      if (!ok) throw new QuernError('DEVNET_UNHEALTHY', `not well: ${failed.join(', ')}`)
    })
}
