/** `quern vprog key`: the public key that exits are paid to. */
import type { Command } from 'commander'
import { formatAddress } from '../../../../core/address.ts'
import { toHex } from '../../../../core/bytes.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { fields } from '../../output.ts'
import { loadSigner, type SignerOptions, withSigner } from '../../signer.ts'

export function addKeyCommand(vprog: Command, context: CliContext): void {
  withSigner(vprog.command('key'), 'is shown')
    .description('show the public key of an account: exits pay keys, which addresses do not tell')
    .addHelpText('after', '\nExample:\n  quern vprog key --from alice')
    .action(async (flags: SignerOptions, command: Command) => {
      const { exitKeyOf } = await import('../../vprog/withdrawal.ts')
      const { address, privateKey } = await loadSigner(flags, context.env)
      const shown = { address: formatAddress(address), key: toHex(exitKeyOf(privateKey)) }
      outputOf(command, context).print(shown, () =>
        fields([
          ['address', shown.address],
          ['key', shown.key],
        ]),
      )
    })
}
