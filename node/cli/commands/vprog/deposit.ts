/** `quern vprog deposit`: money for a program, in a transaction of its lane. */
import type { Command } from 'commander'
import { EMPTY_BYTES, toHex } from '../../../../core/bytes.ts'
import type { CliContext } from '../../context.ts'
import { fields } from '../../output.ts'
import { cpcOfGrains, grainsOf, hash32, hexBytes, laneIdOf } from '../../vprog/arguments.ts'
import { openDesk, type SendFlags, sendingCommand, sentRows } from '../../vprog/desk.ts'

interface DepositFlags extends SendFlags {
  readonly amount: string
  readonly payload?: string
  readonly lane?: string
}

export function addDepositCommand(vprog: Command, context: CliContext): void {
  sendingCommand(vprog, 'deposit <id>', context)
    .description('pay into a program: a transaction of its lane, which it reads')
    .requiredOption('--amount <cpc>', 'what is deposited')
    .option('--payload <hex>', 'what the program makes of it (default: nothing)')
    .option('--lane <id>', "the program's lane, where the chain does not show it yet")
    .addHelpText('after', '\nExample:\n  quern vprog deposit 0x83c2...9a10 --amount 5 --from alice')
    .action((id: string, flags: DepositFlags, command: Command) => deposit(id, flags, command, context))
}

async function deposit(text: string, flags: DepositFlags, command: Command, context: CliContext): Promise<void> {
  const { depositOutput } = await import('../../../../vm/settlement/transactions.ts')
  const covenants = await import('../../vprog/covenant.ts')
  const id = hash32(text, 'the id of a covenant')
  const grains = grainsOf(flags.amount, '--amount')
  const payload = flags.payload === undefined ? EMPTY_BYTES : hexBytes(flags.payload, '--payload')
  const given = flags.lane === undefined ? undefined : laneIdOf(flags.lane)
  const desk = await openDesk(flags, command, context)
  const view = await covenants.covenantView(desk.client, id)
  // Of another covenant somebody may know how to open deposits.
  covenants.requireStandard(view)
  const { state } = covenants.standingOf(view)
  const laneId = covenants.laneOf(view, state, given)
  const output = depositOutput(id, grains)
  const body = { laneId, payload, lockTime: 0n, inputs: [], outputs: [output] }
  const sent = await desk.send({ body }, 'waiting for the block that takes the deposit')
  const outpoint = `${sent.txId}:0`
  desk.output.print({ ...sent, outpoint, grains, laneId: toHex(laneId) }, () =>
    fields([['deposited', cpcOfGrains(grains)], ['output', outpoint], ...sentRows(sent)]),
  )
}
