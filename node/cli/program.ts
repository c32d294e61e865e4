/**
 * The command line `quern`. Every command has --json; a failure prints one line, `error: CODE: what to do` (or a JSON
 * line), and exits with 1; a wrong use of the command line exits with 2.
 */
import { Command, CommanderError, type Help } from 'commander'
import { messageOf, QuernError } from '../../core/errors.ts'
import { addChainCommand } from './commands/chain.ts'
import { addConformanceCommand } from './commands/conformance.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addFaucetCommand } from './commands/faucet.ts'
import { addInitCommand } from './commands/init.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addLightCommand } from './commands/light.ts'
import { addQueryCommand } from './commands/query.ts'
import { addReplayCommand } from './commands/replay.ts'
import { addResetCommand } from './commands/reset.ts'
import { addScriptCommand } from './commands/script.ts'
import { addShowNodeIdCommand } from './commands/show-node-id.ts'
import { addStartCommand } from './commands/start.ts'
import { addTxCommand } from './commands/tx.ts'
import { addValidatorCommand } from './commands/validator.ts'
import { addVprogCommand } from './commands/vprog.ts'
import { addWorkerCommand } from './commands/worker.ts'
import type { CliContext } from './context.ts'

/** Applies the same options to a command and everything below it. */
function forEachCommand(command: Command, apply: (command: Command) => void): void {
  apply(command)
  for (const child of command.commands) forEachCommand(child, apply)
}

/** @param extend adds the commands of outer layers, such as `devnet` */
export function createProgram(context: CliContext, extend: (program: Command) => void): Command {
  const program = new Command('quern')
    .description('A Layer-1 node with Proof-of-Compute consensus: stake votes, compute leads.')
    .version(context.version)
    // A command and what stands below it may have options of one name: `worker --rpc`, `worker doctor --rpc`.
    .enablePositionalOptions()
    .showHelpAfterError('(use --help for the options and examples)')
  extend(program)
  addInitCommand(program, context)
  addStartCommand(program, context)
  addResetCommand(program, context)
  addChainCommand(program, context)
  addReplayCommand(program, context)
  addShowNodeIdCommand(program, context)
  addDoctorCommand(program, context)
  addValidatorCommand(program, context)
  addWorkerCommand(program, context)
  addKeysCommand(program, context)
  addTxCommand(program, context)
  addQueryCommand(program, context)
  addLightCommand(program, context)
  addFaucetCommand(program, context)
  addVprogCommand(program, context)
  addScriptCommand(program, context)
  addConformanceCommand(program, context)
  forEachCommand(program, (command) => {
    command.exitOverride().configureHelp({ sortSubcommands: false } satisfies Partial<Help>)
    if (command.commands.length === 0) command.option('--json', 'print JSON, one line a result')
  })
  return program
}

/** What a command finds wrong in its own arguments, beyond what commander sees. */
const WRONG_USE: ReadonlySet<string> = new Set(['ARGUMENT_INVALID', 'ADDRESS_INVALID', 'AMOUNT_INVALID'])

/** Runs a command line; returns the exit code. */
export async function runCli(program: Command, argv: readonly string[], context: CliContext): Promise<number> {
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const json = argv.includes('--json')
    const code = error instanceof QuernError ? error.code : 'INTERNAL'
    const message = messageOf(error)
    if (json) context.writeError(JSON.stringify({ error: { code, message } }))
    else context.writeError(`error: ${code}: ${message}`)
    if (code === 'INTERNAL' && error instanceof Error && context.env.QUERN_DEBUG !== undefined)
      context.writeError(error.stack ?? '')
    return WRONG_USE.has(code) ? 2 : 1
  }
}
