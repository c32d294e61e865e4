/** `quern vprog deploy`: a program's covenant begins. */
import type { Command } from 'commander'
import { toHex, ZERO_HASH } from '../../../../core/bytes.ts'
import type { CliContext } from '../../context.ts'
import { fields } from '../../output.ts'
import { cpcOfGrains, grainsOf, hash32, laneIdOf } from '../../vprog/arguments.ts'
import { openDesk, type SendFlags, sendingCommand, sentRows } from '../../vprog/desk.ts'
import { type ProgramFlags, programOf, withProgram } from '../../vprog/program-flags.ts'

interface DeployFlags extends SendFlags, ProgramFlags {
  readonly lane?: string
  readonly state: string
  readonly value: string
}

export function addDeployCommand(vprog: Command, context: CliContext): void {
  withProgram(
    sendingCommand(vprog, 'deploy', context)
      .description('put a program on the chain: its standard covenant, which holds its state')
      .option('--lane <id>', 'namespace of its transactions, four bytes (default: one of its own)')
      .option('--state <hash>', 'first state root', toHex(ZERO_HASH))
      .option('--value <cpc>', 'what the covenant holds, for good', '1'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  quern vprog deploy\n  quern vprog deploy --lane 0x51554552 --system succinct --image-id 0x... --batch-image-id 0x... --tx-image-id 0x...',
    )
    .action((flags: DeployFlags, command: Command) => deploy(flags, command, context))
}

async function deploy(flags: DeployFlags, command: Command, context: CliContext): Promise<void> {
  const { deployment } = await import('../../../../vm/settlement/transactions.ts')
  const { blake2b256 } = await import('../../../../vm/kip/hashers.ts')
  const { laneKey } = await import('../../../../vm/lanes/hashing.ts')
  const { accountOutpoint } = await import('../../../../vm/covenant/view.ts')
  const { defaultLaneId } = await import('../../../vprog/default-lane.ts')
  const { laneTipOf } = await import('../../vprog/lane.ts')
  const program = programOf(flags)
  const state = hash32(flags.state, '--state')
  const grains = grainsOf(flags.value, '--value')
  const given = flags.lane === undefined ? undefined : laneIdOf(flags.lane)
  const desk = await openDesk(flags, command, context)
  const { address: sender } = desk.signer
  const laneId = given ?? defaultLaneId(accountOutpoint(sender, desk.nonce))
  const key = laneKey(laneId)
  const start = { laneTip: await laneTipOf(desk.client, key), state, laneKey: key }
  const { body, covenantId, redeem } = deployment({ sender, nonce: desk.nonce, grains, state: start, program })
  const sent = await desk.send({ body }, 'waiting for the block that deploys it')
  const deployed = {
    ...sent,
    covenantId: toHex(covenantId),
    laneId: toHex(laneId),
    laneKey: toHex(key),
    redeemHash: toHex(blake2b256(redeem)),
    grains,
  }
  desk.output.print(deployed, () =>
    fields([
      ['covenant', deployed.covenantId],
      ['lane', deployed.laneId.slice(0, 10)],
      ['lane key', deployed.laneKey],
      ['redeem hash', deployed.redeemHash],
      ['holds', cpcOfGrains(grains)],
      ...sentRows(sent),
    ]),
  )
}
