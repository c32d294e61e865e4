/** `quern show-node-id`: who this node is on the network. */
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { homePaths } from '../../config/home-paths.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'

export function addShowNodeIdCommand(program: Command, context: CliContext): void {
  withHome(program.command('show-node-id'), context)
    .description('print the peer id of the node')
    .addHelpText('after', '\nExample:\n  quern show-node-id')
    .action(async ({ home }: { readonly home: string }, command: Command) => {
      const { loadIdentity, peerIdOf } = await import('../../../p2p/identity.ts')
      const nodeId = peerIdOf(
        await loadIdentity(homePaths(home).nodeKey).catch((cause: NodeJS.ErrnoException) => {
          if (cause.code !== 'ENOENT') throw cause
          throw new QuernError(
            'HOME_MISSING',
            `${home} holds no node: make one with \`quern init\`, or name it with --home`,
          )
        }),
      )
      outputOf(command, context).print({ nodeId }, () => nodeId)
    })
}
