/** `quern show-node-id`: who this node is on the network. */
import fs from 'node:fs'
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { homePaths } from '../../config/home-paths.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'

interface ShowFlags {
  readonly home: string
  readonly make?: boolean
}

export function addShowNodeIdCommand(program: Command, context: CliContext): void {
  withHome(program.command('show-node-id'), context)
    .description('print the peer id of the node')
    .option('--make', 'make a node_key if there is none: the node is then somebody else to its peers')
    .addHelpText('after', '\nExample:\n  quern show-node-id')
    .action(async ({ home, make }: ShowFlags, command: Command) => {
      const { genesis, nodeKey } = homePaths(home)
      if (!fs.existsSync(genesis)) {
        const advice = 'make one with `quern init`, or name it with --home'
        throw new QuernError('HOME_MISSING', `${home} holds no node: ${advice}`)
      }
      const { loadOrMakeIdentity, peerIdOf, requireIdentity } = await import('../../../p2p/identity.ts')
      const nodeId = peerIdOf(await (make === true ? loadOrMakeIdentity : requireIdentity)(nodeKey))
      outputOf(command, context).print({ nodeId }, () => nodeId)
    })
}
