/** `quern vprog`: programs whose state the chain holds: deployed, paid into, settled, paid out, looked at. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { addClaimCommand } from './vprog/claim.ts'
import { addDeployCommand } from './vprog/deploy.ts'
import { addDepositCommand } from './vprog/deposit.ts'
import { addInspectCommand } from './vprog/inspect.ts'
import { addKeyCommand } from './vprog/key.ts'
import { addSettleCommand } from './vprog/settle.ts'
import { addWithdrawCommand } from './vprog/withdraw.ts'

export function addVprogCommand(program: Command, context: CliContext): void {
  const vprog = program.command('vprog').description('programs that settle on the chain: vProgs')
  addDeployCommand(vprog, context)
  addDepositCommand(vprog, context)
  addSettleCommand(vprog, context)
  addClaimCommand(vprog, context)
  addWithdrawCommand(vprog, context)
  addInspectCommand(vprog, context)
  addKeyCommand(vprog, context)
}
