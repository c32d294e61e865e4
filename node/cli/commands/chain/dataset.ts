/** `quern chain dataset`: the chain as tables, for DuckDB, pandas, Spark and whatever else reads Parquet, CSV or JSON lines. */
import { type Command, Option } from 'commander'
import { QuernError } from '../../../../core/errors.ts'
import { whole } from '../../../config/kinds.ts'
import type { Format } from '../../../dataset/export.ts'
import { argument } from '../../argument.ts'
import { type ChainSource, type ChainSourceFlags, openChainSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { type Output, table } from '../../output.ts'
import { commandProgress } from '../../progress.ts'

interface DatasetFlags extends ChainSourceFlags {
  readonly format: Format
  readonly from?: number
  readonly to?: number
  readonly out?: string
  readonly dry?: boolean
}

const height = argument(whole(0, Number.MAX_SAFE_INTEGER))
const STDOUT = '-'

/** Known before the datasets themselves, which bring much with them, are loaded; a test holds the two together. */
export const DATASET_NAMES = [
  'blocks',
  'transactions',
  'results',
  'votes',
  'validators',
  'workers',
  'rewards',
  'balances',
  'outputs',
  'evidence',
  'timings',
] as const

export function addDatasetCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('dataset'), context)
    .description('write one table of the chain to a file; the node must be stopped')
    .argument('<name>', DATASET_NAMES.join(', '))
    .addOption(new Option('--format <format>', 'of the file').choices(['parquet', 'jsonl', 'csv']).default('parquet'))
    .option('--from <height>', 'first block (default: the oldest here)', height)
    .option('--to <height>', 'last block (default: the newest)', height)
    .option('--out <file>', `where to write; ${STDOUT}: to standard output, not as parquet (default: NAME.FORMAT)`)
    .option('--dry', 'write nothing: print the columns')
    .addHelpText(
      'after',
      '\nExamples:\n  quern chain dataset blocks\n  quern chain dataset transactions --format csv --from 1000 --out tx.csv\n' +
        '  quern chain dataset rewards --dry\n',
    )
    .action((name: string, flags: DatasetFlags, command: Command) => dataset(name, flags, command, context))
}

async function dataset(name: string, flags: DatasetFlags, command: Command, context: CliContext): Promise<void> {
  const output = outputOf(command, context)
  const names: readonly string[] = DATASET_NAMES
  if (!names.includes(name)) command.error(`error: no dataset is called "${name}": expected one of ${names.join(', ')}`)
  if (flags.out === STDOUT && flags.format === 'parquet') {
    command.error('error: a Parquet file cannot be streamed: name a file with --out, or choose --format jsonl or csv')
  }
  if (flags.dry === true) return printSchema(name, output)
  const source = await openChainSource(flags)
  try {
    await write(name, flags, source, output)
  } finally {
    await source.close()
  }
}

async function printSchema(name: string, output: Output): Promise<void> {
  const { DATASETS } = await import('../../../dataset/datasets.ts')
  const { schemaJson } = await import('../../../dataset/schema.ts')
  const schema = schemaJson(DATASETS.find((each) => each.name === name)!)
  output.print(schema, () =>
    [
      `${schema.dataset}, version ${schema.version}: ${schema.row}`,
      '',
      table(
        ['COLUMN', 'PARQUET', 'CSV, JSONL', 'NULL', ''],
        schema.columns.map((c) => [c.name, c.parquet, c.text, c.nullable ? 'yes' : '', c.about]),
      ),
    ].join('\n'),
  )
}

async function write(
  name: string,
  flags: DatasetFlags,
  { chain, genesis, circuitFile }: ChainSource,
  output: Output,
): Promise<void> {
  const { DATASETS } = await import('../../../dataset/datasets.ts')
  const { exportToFile, exportToStream } = await import('../../../dataset/export.ts')
  const { openDatasetSource } = await import('../../../dataset/open.ts')
  const chosen = DATASETS.find((each) => each.name === name)!
  const source = await openDatasetSource(chain, genesis, circuitFile)
  const from = flags.from ?? source.blocksFrom
  const to = flags.to ?? source.newest
  if (to > source.newest || from > to) {
    throw new QuernError(
      'RANGE_INVALID',
      `no blocks from ${from} to ${to} here: the newest is ${source.newest}; change --from or --to`,
    )
  }
  const progress = commandProgress(output)
  const onHeight = (at: number): void => progress.show('writing', at - from, to - from, 'blocks')
  const { format } = flags
  try {
    if (flags.out === STDOUT && format !== 'parquet') {
      await exportToStream(chosen, source, { from, to, format, onHeight }, process.stdout)
      return
    }
    const file = flags.out ?? `${name}.${format}`
    const { rows, bytes } = await exportToFile(chosen, source, { from, to, format, onHeight }, file)
    progress.end()
    const { version } = chosen
    output.print({ dataset: name, version, format, file, from, to, rows, bytes }, () => {
      return `${file}: ${rows} rows, ${(bytes / 1e6).toFixed(2)} MB, blocks ${from} to ${to}`
    })
  } finally {
    progress.end()
  }
}
