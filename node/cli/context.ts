/** What every command is given, and the options many of them share. */
import type { Command } from 'commander'
import { defaultHome } from '../config/home-paths.ts'
import { createOutput, type Output } from './output.ts'

export const DEFAULT_RPC_URL = 'http://127.0.0.1:8545'

export interface CliContext {
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly write: (line: string) => void
  readonly writeError: (line: string) => void
}

/** Lets a command read the options every command has. */
export const outputOf = (command: Command, context: CliContext): Output =>
  createOutput(command.optsWithGlobals<{ json?: boolean }>().json === true, context.write, context.writeError)

export const withRpc = (command: Command, context: CliContext): Command =>
  command.option('--rpc <url>', 'JSON-RPC endpoint (env QUERN_RPC)', context.env.QUERN_RPC ?? DEFAULT_RPC_URL)

export const withHome = (command: Command, context: CliContext): Command =>
  command.option('--home <dir>', 'home folder of the node (env QUERN_HOME)', defaultHome(context.env))
