/** `quern chain`: what a stopped node's store holds: looked at, checked, put right, cut down. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { addDatasetCommand } from './chain/dataset.ts'
import { addExportCommand } from './chain/export.ts'
import { addImportCommand } from './chain/import.ts'
import { addInspectCommand } from './chain/inspect.ts'
import { addPruneCommand } from './chain/prune.ts'
import { addRepairCommand } from './chain/repair.ts'
import { addSizeCommand } from './chain/size.ts'
import { addVerifyCommand } from './chain/verify.ts'

export function addChainCommand(program: Command, context: CliContext): void {
  const chain = program.command('chain').description('the chain that a stopped node keeps')
  addSizeCommand(chain, context)
  addInspectCommand(chain, context)
  addDatasetCommand(chain, context)
  addExportCommand(chain, context)
  addImportCommand(chain, context)
  addVerifyCommand(chain, context)
  addRepairCommand(chain, context)
  addPruneCommand(chain, context)
}
