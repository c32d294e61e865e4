/** `quern replay`: a chain executed again, from a stopped node's store or from an archive; with --override, under other rules too. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import type { Block } from '../../../consensus/types.ts'
import { toHex } from '../../../core/bytes.ts'
import { assert, QuernError } from '../../../core/errors.ts'
import { whole } from '../../config/kinds.ts'
import type { DivergenceValue } from '../../replay/divergence-value.ts'
import type { RangeCounts as Counts } from '../../replay/ranges.ts'
import type { FoundDivergence, ReplayStep } from '../../replay/replay.ts'
import type { ReplaySource } from '../../replay/source.ts'
import { argument } from '../argument.ts'
import {
  type ChainSourceFlags,
  circuitFileOf,
  openChainSource,
  type StoreSource,
  withChainSource,
} from '../chain-source.ts'
import { type CliContext, outputOf } from '../context.ts'
import { fields, type Output } from '../output.ts'
import { commandProgress } from '../progress.ts'

interface ReplayFlags extends ChainSourceFlags {
  readonly archive?: string
  readonly from?: number
  readonly to?: number
  readonly untilDivergence?: boolean
  readonly threads: number
  readonly override?: string
  readonly trace?: string
}

const height = argument(whole(1, Number.MAX_SAFE_INTEGER))

export function addReplayCommand(program: Command, context: CliContext): void {
  withChainSource(program.command('replay'), context)
    .description(
      'execute blocks again and check every root, compute result, signature and certificate; exits with 1 where one differs',
    )
    .option('--archive <file>', 'blocks from an archive (a file or an http(s) address), in place of a stopped node')
    .option(
      '--from <height>',
      'first block; above 1 the state before it must be in the store (default: the oldest)',
      height,
    )
    .option('--to <height>', 'last block (default: the newest)', height)
    .option('--until-divergence', 'stop at the first block that differs, even where it is known how it goes on')
    .option('--threads <count>', 'threads to check signatures with', argument(whole(1, 256)), availableParallelism())
    .option('--trace <file>', 'every state key that is read or written, as lines of JSON, one for each transaction')
    .option(
      '--override <file>',
      'JSON of parameters, named as in genesis.json: run the same transactions under them, and compare',
    )
    .addHelpText(
      'after',
      '\nAn archive alone is replayed from its own genesis: compare the genesis hash that is printed.\n\nExamples:\n  quern replay --home ~/.quern\n  quern replay --archive chain.era --to 1000\n  echo \'{"kappa_bps": 0}\' > params.json && quern replay --archive chain.era --override params.json',
    )
    .action((flags: ReplayFlags, command: Command) => run(flags, outputOf(command, context)))
}

async function run(flags: ReplayFlags, output: Output): Promise<void> {
  const { openReplaySource } = await import('../../replay/source.ts')
  const { archive, chain, genesis, directory, close } = await open(flags)
  let isClosed = false
  try {
    const circuitFile = await circuitFileOf(flags)
    const { openRules } = await import('../../execution-rules.ts')
    const rules = await openRules(genesis, circuitFile)
    const source = await openReplaySource({ genesis, chain, archive, rules }, flags)
    const isPlain = archive === undefined && flags.trace === undefined && flags.override === undefined
    const hasStates = chain !== undefined && chain.held.statesFrom < source.from
    if (!isPlain || !hasStates || directory === undefined || flags.threads < RANGES_FROM_THREADS) {
      return await execute(source, flags, output)
    }
    const last = chain.blockAt(source.to)!.block
    await close()
    isClosed = true
    return await executeRanges({ directory, circuitFile }, source, last, flags, output)
  } finally {
    if (!isClosed) await close()
  }
}

/** The archive if one is named, and the store where there is none or it begins in the middle. */
async function open(flags: ReplayFlags) {
  const { ArchiveReader } = await import('../../archive/archive-reader.ts')
  const { readGenesis } = await import('../../config/genesis-file.ts')
  const archive = flags.archive === undefined ? undefined : await ArchiveReader.open(flags.archive)
  try {
    const needsStore = archive === undefined || (flags.from ?? archive.first) > 1
    const opened = needsStore ? await openChainSource(flags) : undefined
    const named = flags.genesis === undefined ? undefined : readGenesis(flags.genesis)
    const genesis = opened?.genesis ?? named ?? archive?.genesis
    assert(genesis !== undefined, 'a chain has a genesis')
    const close = async (): Promise<void> => {
      await archive?.close()
      await opened?.close()
    }
    return { archive, chain: opened?.chain, directory: opened?.directory, genesis, close }
  } catch (error) {
    await archive?.close()
    throw error
  }
}

async function execute(source: ReplaySource, flags: ReplayFlags, output: Output): Promise<void> {
  const { replay } = await import('../../replay/replay.ts')
  const { divergenceValue } = await import('../../replay/divergence-value.ts')
  const progress = commandProgress(output)
  const startMs = performance.now()
  const total = source.to - source.from + 1
  const found: DivergenceValue[] = []
  const trace = flags.trace === undefined ? undefined : await openTrace(flags.trace, source)
  const options = {
    threads: flags.threads,
    untilDivergence: flags.untilDivergence === true,
    onBlock: async (step: ReplayStep) => {
      progress.show('replay', step.applied.block.header.height - source.from + 1, total, 'blocks')
      await trace?.block(step)
    },
    onDivergence: (divergence: FoundDivergence) => {
      progress.end()
      const value = divergenceValue(divergence)
      found.push(value)
      output.note(describe(value))
    },
  }
  const { end, report } = await runWith(source, flags, options, replay).finally(async () => {
    progress.end()
    await trace?.close()
  })
  finish({ source, last: end.last, counts: end, found, startMs, report }, output)
}

/** Up to here one thread executes as much as the others check. */
const RANGES_FROM_THREADS = 6

async function executeRanges(
  store: Pick<StoreSource, 'directory' | 'circuitFile'>,
  source: ReplaySource,
  last: Block,
  { threads, untilDivergence = false }: ReplayFlags,
  output: Output,
): Promise<void> {
  const { replayRanges } = await import('../../replay/ranges.ts')
  const { genesis, from, to } = source
  const progress = commandProgress(output)
  const startMs = performance.now()
  let done = 0
  const onBlock = (): void => progress.show('replay', ++done, to - from + 1, 'blocks')
  const { divergences, ...counts } = await replayRanges({
    ...{ ...store, genesis, from, to, threads, untilDivergence, onBlock },
  }).finally(() => progress.end())
  const found = untilDivergence ? divergences.slice(0, 1) : divergences
  for (const value of found) output.note(describe(value))
  finish({ source, last, counts, found, startMs, report: undefined }, output)
}

interface Finished {
  readonly source: ReplaySource
  readonly last: Block
  readonly counts: Counts
  readonly found: readonly DivergenceValue[]
  readonly startMs: number
  readonly report: { readonly text: string } | undefined
}

/** @throws QuernError `REPLAY_DIVERGED`, `REPLAY_ENDED` */
function finish({ source, last, counts, found, startMs, report }: Finished, output: Output): void {
  const { from, to } = source
  const { height, stateRoot } = last.header
  const { blocks, transactions, results, certificates } = counts
  const seconds = Math.round(performance.now() - startMs) / 1_000
  const value = {
    genesis: toHex(source.genesisHash),
    ...{ from, to: height, hash: toHex(last.hash), stateRoot: toHex(stateRoot) },
    ...{ blocks, transactions, results, certificates },
    isJitless: typeof WebAssembly === 'undefined',
    seconds,
    divergences: found,
    ...(report === undefined ? {} : { whatIf: report }),
  }
  const text = fields([
    ['genesis', value.genesis],
    ['replayed', `${blocks} blocks, ${from} to ${height}`],
    ['verified', `${transactions} transactions, ${results} results, ${certificates} certificates`],
    ['last block', value.hash],
    ['stateRoot', value.stateRoot],
    ['took', `${seconds} s, ${rate(blocks, seconds)} blocks/s, ${rate(transactions, seconds)} transactions/s`],
  ])
  output.print(value, () => (report === undefined ? text : `${report.text}\n\n${text}`))
  const first = found[0]
  if (first !== undefined) {
    throw new QuernError('REPLAY_DIVERGED', `block ${first.height} is not what the chain says: ${first.code}`)
  }
  if (height !== to) {
    throw new QuernError('REPLAY_ENDED', `the blocks end at ${height}, before ${to}: fetch them again`)
  }
}

const rate = (count: number, seconds: number): number => Math.round(count / Math.max(seconds, 0.001))

async function openTrace(file: string, source: ReplaySource) {
  const { TraceFile } = await import('../../replay/trace-file.ts')
  return TraceFile.open(file, source)
}

async function runWith(
  source: ReplaySource,
  flags: ReplayFlags,
  options: Parameters<typeof import('../../replay/replay.ts').replay>[1],
  replay: typeof import('../../replay/replay.ts').replay,
) {
  if (flags.override === undefined) return { end: await replay(source, options), report: undefined }
  const { readOverride } = await import('../../replay/override.ts')
  const { replayWhatIf } = await import('../../replay/what-if.ts')
  const { reportValue } = await import('../what-if-report.ts')
  const { end, report } = await replayWhatIf(source, readOverride(flags.override, source.genesis), options)
  return { end, report: reportValue(report) }
}

function describe(divergence: DivergenceValue): string {
  const { height, code, message, expectedStateRoot, stateRoot, difference } = divergence
  const text = (value: { readonly raw: string; readonly record: unknown } | null): string =>
    value === null ? 'no record' : value.record === null ? value.raw : JSON.stringify(value.record)
  const rows: [string, string | undefined][] = [
    [`block ${height}`, `${code}: ${message}`],
    ['expected root', expectedStateRoot],
    ['root here', stateRoot ?? undefined],
  ]
  if (difference !== null) {
    const { table, key, treeKey, touchedBy } = difference
    const by = touchedBy?.transaction === null ? touchedBy.step : `transaction ${touchedBy?.transaction}`
    rows.push(
      ['first key', table === null ? `${treeKey}, which the block does not touch` : `${table} ${JSON.stringify(key)}`],
      ['touched by', touchedBy === null ? undefined : by],
      ['expected', text(difference.expected)],
      ['here', text(difference.actual)],
    )
  }
  return fields(rows)
}
