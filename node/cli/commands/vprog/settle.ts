/** `quern vprog settle`: a program's state moves on, up to a block. */
import type { Command } from 'commander'
import { toHex } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import type { CliContext } from '../../context.ts'
import { fields } from '../../output.ts'
import { exitOf, hash32, laneIdOf } from '../../vprog/arguments.ts'
import { openDesk, type SendFlags, sendingCommand, sentRows } from '../../vprog/desk.ts'

interface SettleFlags extends SendFlags {
  readonly state?: string
  readonly exit: readonly string[]
  readonly toBlock?: string
  readonly lane?: string
  readonly devKey?: string
  readonly proof?: string
}

export function addSettleCommand(vprog: Command, context: CliContext): void {
  sendingCommand(vprog, 'settle <id>', context)
    .description('move a program to its next state, with a proof of what happened in its lane')
    .option('--state <hash>', 'next state root (development; default: the old one and all that happened, hashed)')
    .option(
      '--exit <holder:cpc>',
      'leave an exit (development): `own` or a public key, a colon and CPC; may stand again',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option('--to-block <block>', 'height or hash of the block to go up to (default: latest)')
    .option('--lane <id>', "the program's lane, where the chain does not show it yet")
    .option('--dev-key <key>', 'development key, in hex or in a file (default: the devnet signs)')
    .option('--proof <file>', 'JSON of a prover: block, newState, newLaneTip, exits, proof')
    .addHelpText(
      'after',
      '\nExamples:\n  quern vprog settle 0x83c2...9a10\n  quern vprog settle 0x83c2...9a10 --state 0x5e11...90 --exit own:2.5\n  quern vprog settle 0x83c2...9a10 --proof proof.json',
    )
    .action(async (id: string, flags: SettleFlags, command: Command) => {
      const clash = flags.state ?? flags.exit[0] ?? flags.toBlock ?? flags.devKey
      if (flags.proof !== undefined && clash !== undefined) {
        command.error('error: --proof says what it proves: leave --state, --exit, --to-block and --dev-key out')
      }
      await settle(id, flags, command, context)
    })
}

async function settle(text: string, flags: SettleFlags, command: Command, context: CliContext): Promise<void> {
  const covenants = await import('../../vprog/covenant.ts')
  const { anchorAt, lifeOf } = await import('../../vprog/lane.ts')
  const { settlement } = await import('../../../../vm/settlement/transactions.ts')
  const { exitKeyOf } = await import('../../vprog/withdrawal.ts')
  const proofs = await import('../../vprog/proof.ts')
  const steps = await import('../../vprog/settlement.ts')
  const id = hash32(text, 'the id of a covenant')
  const wanted = flags.state === undefined ? undefined : hash32(flags.state, '--state')
  const proved = flags.proof === undefined ? undefined : proofs.readProofFile(flags.proof)
  const givenLane = flags.lane === undefined ? undefined : laneIdOf(flags.lane)
  const desk = await openDesk(flags, command, context)
  const { client, signer } = desk
  const exits = proved?.exits ?? flags.exit.map((exit) => exitOf(exit, exitKeyOf(signer.privateKey)))

  const view = await covenants.covenantView(client, id)
  // Of another one the node tells neither the lane nor the settlements.
  covenants.requireStandard(view)
  const standing = covenants.standingOf(view)
  const { kind } = standing.program.proof
  if (proved === undefined && kind !== 'development') {
    throw new QuernError('PROOF_MISSING', `this program is proved by ${kind}: give what its prover made with --proof`)
  }
  const laneId = covenants.laneOf(view, standing.state, givenLane)
  const from = await steps.settledUpTo(client, view)
  const to = await anchorAt(client, proved === undefined ? (flags.toBlock ?? 'latest') : toHex(proved.block))
  if (to.height <= from.height) {
    throw new QuernError(
      'SETTLED_ALREADY',
      `the program is settled up to block ${from.height}: settle up to a later one`,
    )
  }
  const { tip, activity } = await lifeOf(client, laneId, standing.state.laneTip, { from, to })
  if (proved !== undefined) proofs.checkLaneTip(proved.newLaneTip, tip)
  const newState = proved?.newState ?? wanted ?? steps.rememberedState(standing.state.state, activity)
  const step = { ...proved, newState, newLaneTip: tip, exits, block: to }
  const given = steps.settlementOf(standing, step)
  const warning = await steps.fundsWarning(client, view, exits)
  if (warning !== undefined) desk.output.note(warning)

  const signed = async () => [
    await proofs.developmentProof(client, standing.program.imageId, given.journal, flags.devKey),
  ]
  const body = settlement({ ...given, proof: proved?.proof ?? (await signed()) })
  const spent = [standing.held]
  const sent = await desk.send({ body, spent, seqCommit: to.seqCommit }, 'waiting for the block that settles it')
  const bundle = exits.length === 0 ? undefined : `${sent.txId}:1`
  const settled = { state: toHex(newState), laneTip: toHex(tip), fromBlock: from.height, toBlock: to.height }
  const told = { ...settled, transactions: activity.length, exits: exits.length, bundle: bundle ?? null }
  desk.output.print({ ...sent, ...told }, () =>
    fields([
      ['state', settled.state],
      ['lane tip', settled.laneTip],
      ['blocks', `${from.height + 1} to ${to.height}`],
      ['transactions', activity.length],
      ['exits', exits.length === 0 ? undefined : `${exits.length}, in ${bundle}`],
      ...sentRows(sent),
    ]),
  )
}
