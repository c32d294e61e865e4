/** `quern conformance`: this build held to a file of vectors. */
import { Argument, type Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import type { Check } from '../../../vm/conformance/check.ts'
import type { VectorKind } from '../../conformance/kinds.ts'
import { type CliContext, outputOf } from '../context.ts'
import { fields } from '../output.ts'

const KINDS: readonly VectorKind[] = [
  'groth16',
  'risc0-groth16',
  'risc0-succinct',
  'kip21-dag',
  'kip21-lanes',
  'smt',
  'script-tests',
]

/** Of each sort; the counts go on. One mistake of ours fails every entry of a long file. */
const MAX_LISTED = 1_000
/** Of a text of an entry, for people. */
const MAX_SHOWN_CHARS = 400

const shown = (text: string): string =>
  text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}... (${text.length} characters)` : text

export function addConformanceCommand(program: Command, context: CliContext): void {
  program
    .command('conformance')
    .description('hold this build to a file of vectors; exits with 1 where one fails, or nothing was checked')
    .addArgument(new Argument('<kind>', 'format of the file').choices(KINDS))
    .argument('<file>', 'the vectors; .gz is unpacked while it is read')
    .option('--circuit <file>', "table of RISC Zero's recursion circuit, for risc0-succinct")
    .addHelpText(
      'after',
      '\nExamples:\n  quern conformance script-tests script_tests.json\n  quern conformance kip21-dag dag.json.gz --json\n  quern conformance risc0-succinct receipt.json --circuit risc0_recursion_circuit.json',
    )
    .action(async (kind: VectorKind, file: string, flags: { circuit?: string }, command: Command) => {
      if ((kind === 'risc0-succinct') !== (flags.circuit !== undefined)) {
        command.error('error: risc0-succinct takes --circuit FILE, and no other kind does')
      }
      const { checksOf } = await import('../../conformance/kinds.ts')
      const tally = await count(checksOf(kind, file, flags.circuit))
      const { failed, skipped, counts } = tally
      outputOf(command, context).print({ kind, file, ...counts, failures: failed, skips: skipped }, () =>
        [
          ...failed.map(
            (one) => `FAILED   ${shown(one.name)}: expected ${shown(one.expected)}, found ${shown(one.found)}`,
          ),
          ...skipped.map((one) => `SKIPPED  ${shown(one.name)}: ${one.reason}`),
          fields(Object.entries(counts)),
        ].join('\n'),
      )
      if (counts.failed > 0) {
        throw new QuernError('CONFORMANCE_FAILED', `${counts.failed} of the file's checks fail: see what was expected`)
      }
      if (counts.passed === 0) {
        throw new QuernError('CONFORMANCE_EMPTY', `nothing in ${file} was checked: see that it is of kind ${kind}`)
      }
    })
}

type Failed = Extract<Check, { verdict: 'failed' }>
type Skipped = Extract<Check, { verdict: 'skipped' }>

async function count(checks: AsyncIterable<Check>) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const failed: Omit<Failed, 'verdict'>[] = []
  const skipped: Omit<Skipped, 'verdict'>[] = []
  for await (const check of checks) {
    counts[check.verdict]++
    if (check.verdict === 'failed' && failed.length < MAX_LISTED) {
      failed.push({ name: check.name, expected: check.expected, found: check.found })
    } else if (check.verdict === 'skipped' && skipped.length < MAX_LISTED) {
      skipped.push({ name: check.name, reason: check.reason })
    }
  }
  return { counts, failed, skipped }
}
