/** `quern faucet`: CPC out of a devnet's own purse. */
import type { Command } from 'commander'
import { checksumAddress, formatAddress } from '../../../core/address.ts'
import { parseCpc } from '../../../core/units.ts'
import { addressReader } from '../address.ts'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import { cpc } from '../output.ts'
import { rpcClient } from '../rpc-client.ts'

export function addFaucetCommand(program: Command, context: CliContext): void {
  withRpc(program.command('faucet <address> [cpc]'), context)
    .description('give an address, or one of your keys, CPC (devnets only; default 100)')
    .addHelpText('after', '\nExample:\n  quern faucet 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 12.5')
    .action(async (address: string, amount: string | undefined, options: { rpc: string }, command: Command) => {
      const to = addressReader(context.env)(address)
      const amountWei = parseCpc(amount ?? '100')
      const hash = await rpcClient(options.rpc).call<string>('dev_fund', [
        checksumAddress(to),
        `0x${amountWei.toString(16)}`,
      ])
      outputOf(command, context).print(
        { hash, to: formatAddress(to), amountWei },
        () => `sent ${cpc(amountWei)} to ${formatAddress(to)}\n${hash}`,
      )
    })
}
