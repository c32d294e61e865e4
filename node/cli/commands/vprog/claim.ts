/** `quern vprog claim`: an exit is paid on L1, by anyone. */
import type { Command } from 'commander'
import { QuernError } from '../../../../core/errors.ts'
import { whole } from '../../../config/kinds.ts'
import { argument } from '../../argument.ts'
import type { CliContext } from '../../context.ts'
import { fields } from '../../output.ts'
import { cpcOfGrains, describeScript, grainsOf, hash32 } from '../../vprog/arguments.ts'
import { openDesk, type SendFlags, sendingCommand, sentRows } from '../../vprog/desk.ts'

interface ClaimFlags extends SendFlags {
  readonly bundle?: string
  readonly exit?: number
  readonly amount?: string
}

/** Of a bundle, as `vm/settlement` bounds it. */
const MAX_EXIT_INDEX = 2 ** 16 - 1

export function addClaimCommand(vprog: Command, context: CliContext): void {
  sendingCommand(vprog, 'claim <id>', context)
    .description('have the deposits of a program pay an exit; what they pay goes to its holder, whoever claims')
    .option(
      '--exit <index>',
      'which of the bundle (default: the first that is left)',
      argument(whole(0, MAX_EXIT_INDEX)),
    )
    .option('--bundle <output>', 'TXID:INDEX of the bundle (default: the oldest)')
    .option('--amount <cpc>', 'a part of it (default: all, or as much as eight deposits hold)')
    .addHelpText(
      'after',
      '\nThe exit pays to a key: `quern vprog withdraw` takes it into the account of that key.\n\nExample:\n  quern vprog claim 0x83c2...9a10 --exit 1',
    )
    .action((id: string, flags: ClaimFlags, command: Command) => claimExit(id, flags, command, context))
}

async function claimExit(text: string, flags: ClaimFlags, command: Command, context: CliContext): Promise<void> {
  const { claim } = await import('../../../../vm/settlement/transactions.ts')
  const { bundleOf, bundleViews, covenantView, heldOutput } = await import('../../vprog/covenant.ts')
  const { chooseClaim } = await import('../../vprog/claim.ts')
  const { depositsOf } = await import('../../vprog/deposits.ts')
  const id = hash32(text, 'the id of a covenant')
  const amount = flags.amount === undefined ? undefined : grainsOf(flags.amount, '--amount')
  const desk = await openDesk(flags, command, context)
  const views = bundleViews(await covenantView(desk.client, id))
  const view = flags.bundle === undefined ? views[0] : views.find(({ outpoint }) => outpoint === flags.bundle)
  if (view === undefined) {
    throw new QuernError('BUNDLE_UNKNOWN', 'the covenant has no such exits to claim: see `quern vprog inspect`')
  }
  const chosen = chooseClaim(bundleOf(id, view), await depositsOf(desk.client, id), {
    ...(flags.exit === undefined ? {} : { index: flags.exit }),
    ...(amount === undefined ? {} : { amount }),
  })
  const spent = [heldOutput(id, view), ...chosen.deposits]
  const sent = await desk.send({ body: claim(chosen), spent }, 'waiting for the block that pays the exit')
  const { script, amount: held } = chosen.exits[chosen.index]!
  const paid = { bundle: view.outpoint, exit: chosen.index, grains: chosen.deduct, left: held - chosen.deduct }
  const holder = describeScript(script)
  desk.output.print({ ...sent, ...paid, holder, outpoint: `${sent.txId}:0` }, () =>
    fields([
      ['exit', `${paid.exit} of ${paid.bundle}`],
      ['paid', `${cpcOfGrains(paid.grains)}${paid.left === 0n ? '' : `, ${cpcOfGrains(paid.left)} left`}`],
      ['to', holder],
      ...sentRows(sent),
    ]),
  )
}
