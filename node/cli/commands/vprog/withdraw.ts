/** `quern vprog withdraw`: what a claim paid to a key goes into the account of that key. */
import type { Command } from 'commander'
import { QuernError } from '../../../../core/errors.ts'
import type { CliContext } from '../../context.ts'
import { fields } from '../../output.ts'
import { cpcOfGrains, hash32 } from '../../vprog/arguments.ts'
import { openDesk, type SendFlags, sendingCommand, sentRows } from '../../vprog/desk.ts'

export function addWithdrawCommand(vprog: Command, context: CliContext): void {
  sendingCommand(vprog, 'withdraw <what>', context)
    .description(
      'take an output that pays your key into your account: TXID:INDEX, or the hash of the claim that made it',
    )
    .addHelpText('after', '\nExample:\n  quern vprog withdraw 0x5308...4681 --from alice')
    .action((what: string, flags: SendFlags, command: Command) => withdraw(what, flags, command, context))
}

async function withdraw(what: string, flags: SendFlags, command: Command, context: CliContext): Promise<void> {
  const { heldOf, outputAt } = await import('../../vprog/output.ts')
  const { shownTransaction } = await import('../../vprog/transaction.ts')
  const { isOurs, withdrawal } = await import('../../vprog/withdrawal.ts')
  const isOutput = what.includes(':')
  if (!isOutput) hash32(what, 'the hash of a transaction')
  const desk = await openDesk(flags, command, context)
  const outputs = isOutput
    ? [heldOf(await outputAt(desk.client, what))]
    : (await shownTransaction(desk.client, what)).plainOutputs
  const ours = isOutput ? outputs : outputs.filter((output) => isOurs(output, desk.signer))
  if (ours.length === 0) {
    throw new QuernError('OUTPUT_NOT_YOURS', 'none of its outputs pays your key: see `quern vprog key`, and --from')
  }
  const body = withdrawal(ours, desk.signer, desk.nonce)
  const sent = await desk.send({ body, spent: ours }, 'waiting for the block that pays it out')
  const grains = ours.reduce((sum, output) => sum + output.grains, 0n)
  desk.output.print({ ...sent, grains }, () => fields([['withdrawn', cpcOfGrains(grains)], ...sentRows(sent)]))
}
