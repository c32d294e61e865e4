/** `quern tx`: sign and send one transaction. */
import type { Command } from 'commander'
import { addressReader } from '../address.ts'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import { fields } from '../output.ts'
import { rpcClient } from '../rpc-client.ts'
import { loadSigner, type SignerOptions, withSigner } from '../signer.ts'
import { ACTION_COMMANDS, type ActionCommand, whole } from '../tx/actions.ts'
import { type Submitted, submitAction, succeeded } from '../tx/submit.ts'

interface TxOptions extends SignerOptions, Record<string, unknown> {
  readonly rpc: string
  readonly wait: boolean
  readonly nonce?: string
}

const describe = (sent: Submitted): string =>
  fields([
    ['hash', sent.hash],
    ['from', sent.from],
    ['nonce', sent.nonce],
    ['status', sent.status ?? 'sent'],
    ['block', sent.height],
  ])

function addAction(tx: Command, action: ActionCommand, context: CliContext): void {
  const command = withRpc(tx.command(action.usage), context).description(action.description)
  for (const [flags, description] of action.options) command.option(flags, description)
  withSigner(command, 'signs')
    .option('--nonce <n>', 'use this nonce instead of the next one')
    .option('--no-wait', 'do not wait for the receipt')
    .addHelpText('after', `\nExample:\n  ${action.example}`)
    .action(async (...given: unknown[]) => {
      const options = given.at(-2) as TxOptions
      // Commander passes a variadic argument as one array, a missing optional one as undefined.
      const args = given
        .slice(0, -2)
        .flat()
        .filter((arg) => arg !== undefined) as string[]
      const signer = await loadSigner(options, context.env)
      const readAddress = addressReader(context.env, options.keysDir)
      const client = rpcClient(options.rpc)
      const chainId = Number(await client.call<string>('eth_chainId'))
      const wanted = await action.build(args, options, { signer, chainId, readAddress, client })
      const sent = succeeded(
        await submitAction(client, signer, wanted, {
          wait: options.wait,
          ...(options.nonce === undefined ? {} : { nonce: whole(options.nonce, '--nonce') }),
        }),
      )
      outputOf(given.at(-1) as Command, context).print(sent, () => describe(sent))
    })
}

export function addTxCommand(program: Command, context: CliContext): void {
  const tx = program.command('tx').description('sign and send a transaction')
  for (const action of ACTION_COMMANDS) addAction(tx, action, context)
}
