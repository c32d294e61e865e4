/** `quern script`: scripts of outputs, run by hand. */
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { text, whole } from '../../config/kinds.ts'
import type { DebugRequest } from '../../conformance/debug-script.ts'
import { argument } from '../argument.ts'
import { type CliContext, outputOf } from '../context.ts'
import type { Output } from '../output.ts'

/** What a block of Kaspa's may use: 500,000 grams. */
const DEFAULT_UNITS = 50_000_000

export function addScriptCommand(program: Command, context: CliContext): void {
  const script = program.command('script').description('scripts of outputs')
  script
    .command('debug')
    .description('run the scripts of one input and show every step; exits with 1 where they do not unlock the output')
    .option('--script <text>', "the output's script: opcodes, numbers, 'text', and 0x and hex as it stands")
    .option('--sig <text>', 'the signature script, written likewise (default: empty)', '')
    .option('--file <file>', 'in their place: JSON of transaction, utxos, inputIndex and seqCommits')
    .option('--input <index>', 'input to run, of the file', argument(whole(0, 2 ** 32 - 1)))
    .option('--units <count>', 'script units the run may use', argument(whole(0, 1e12)), DEFAULT_UNITS)
    .option('--circuit <file>', "table of RISC Zero's recursion circuit: without it tag 0x21 is refused")
    .option(
      '--development-key <hex>',
      'x coordinate of the key behind tag 0xdf: without it the tag is refused',
      argument(text('32 bytes in hex', /^(0x)?[0-9a-fA-F]{64}$/)),
    )
    .addHelpText(
      'after',
      "\nA line shows offset, opcode, units used so far, and the stack before the step, topmost first.\nTransactions are as Kaspa's RPC writes them; utxos have amount, scriptPublicKey, daaScore, isCoinbase, covenantId.\n\nExamples:\n  quern script debug --sig '2 3' --script 'OpAdd 5 OpEqual'\n  quern script debug --sig 0x5253 --script 0x935587 --json\n  quern script debug --file spend.json --input 1",
    )
    .action(async (flags: DebugRequest, command: Command) => {
      if ((flags.file === undefined) === (flags.script === undefined)) {
        command.error('error: name either --script or --file')
      }
      if (flags.script !== undefined && flags.input !== undefined) command.error('error: --input goes with --file')
      if (flags.file !== undefined && flags.sig !== '') command.error('error: --sig goes with --script')
      await debug(flags, outputOf(command, context))
    })
}

async function debug(flags: DebugRequest, output: Output): Promise<void> {
  const { debugScript, stepLine, stepValue, verdictLine } = await import('../../conformance/debug-script.ts')
  const outcome = await debugScript(flags, (step) => output.print(stepValue(step), () => stepLine(step)))
  output.print(outcome, () => verdictLine(outcome))
  if (!outcome.ok) {
    throw new QuernError('SCRIPT_FALSE', `the output stays locked (${outcome.error.code}): see where the run ended`)
  }
}
