/** `quern sim`: hostile schedules against the real node, each from its seed. */
import fs from 'node:fs'
import os from 'node:os'
import { type Command, Option } from 'commander'
import { QuernError } from '../../core/errors.ts'
import { argument } from '../../node/cli/argument.ts'
import type { CliContext } from '../../node/cli/context.ts'
import { onInterrupt } from '../../node/cli/interrupt.ts'
import { whole } from '../../node/config/kinds.ts'
import type { Run, RunResult } from './sim.ts'
import { MAX_VALIDATORS, MIN_VALIDATORS } from './size.ts'

interface SimFlags {
  readonly seeds: number
  readonly from: number
  readonly seed?: number
  readonly validators?: number
  readonly jobs: number
  readonly trace?: string
  readonly bail?: boolean
  readonly json?: boolean
}

/** Seeds are u64 in the draws; beyond 2^53 JavaScript would round them. */
const MAX_SEED = Number.MAX_SAFE_INTEGER
/** Seeds that failed are listed up to here; the first is enough to work on. */
const MAX_FAILED = 10
const PROGRESS_EVERY_MS = 5_000

const wholeNumber = argument(whole(0, MAX_SEED))
/** More threads than any machine has cores. */
const MAX_JOBS = 1_024

export function addSimCommand(program: Command, context: CliContext): void {
  program
    .command('sim')
    .description('run whole networks on virtual time, against faults and byzantine validators')
    .option('--seeds <n>', 'number of runs', argument(whole(1, MAX_SEED)), 20)
    .option('--from <seed>', 'first seed', wholeNumber, 0)
    .addOption(
      new Option('--seed <seed>', 'one run, by its seed')
        .argParser(wholeNumber)
        .conflicts(['seeds', 'from', 'jobs', 'bail']),
    )
    .option(
      '--validators <n>',
      `in each run, from ${MIN_VALIDATORS} to ${MAX_VALIDATORS} (default: each draws it, mostly a small one)`,
      argument(whole(MIN_VALIDATORS, MAX_VALIDATORS)),
    )
    .option('--trace <file>', 'with --seed: write what happens in that run, line by line')
    .option(
      '--jobs <n>',
      'threads (default: one for each core)',
      argument(whole(1, MAX_JOBS)),
      os.availableParallelism(),
    )
    .option('--bail', 'stop at the first seed with a violation')
    .addHelpText(
      'after',
      '\nExamples:\n  quern sim --seeds 200\n  quern sim --seeds 20 --validators 10\n  quern sim --seed 17 --trace run-17.txt\n  quern sim --seed 17 --json',
    )
    .action((flags: SimFlags, command: Command) => {
      if (flags.seed !== undefined) return runOne({ ...flags, seed: flags.seed }, context)
      if (flags.trace !== undefined)
        command.error('error: --trace goes with --seed: a trace is of one run', { exitCode: 2 })
      return runMany(flags, context)
    })
}

const asJson = ({ seed, ...rest }: RunResult, version: string): string => JSON.stringify({ seed, version, ...rest })

const failed = (results: readonly RunResult[], { validators }: SimFlags): QuernError => {
  const { seed } = results[0]!
  const run = `--seed ${seed}${validators === undefined ? '' : ` --validators ${validators}`}`
  return new QuernError('SIM_VIOLATION', `replay with: quern sim ${run} --trace sim-${seed}.txt`, { seed })
}

function report(result: RunResult, context: CliContext): void {
  for (const violation of result.violations) context.writeError(`seed ${result.seed}: ${violation}`)
}

/** @throws QuernError `TRACE_UNWRITABLE` */
function openTrace(file: string): number {
  try {
    return fs.openSync(file, 'w')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new QuernError('TRACE_UNWRITABLE', `cannot write ${file} (${code}): check --trace`, {}, { cause })
  }
}

async function runOne(flags: SimFlags & Run, context: CliContext): Promise<void> {
  // Loaded here, so that the other commands start without it.
  const { runOnce } = await import('./sim.ts')
  const file = flags.trace === undefined ? undefined : openTrace(flags.trace)
  try {
    const result = await runOnce(flags, file === undefined ? undefined : (line) => void fs.writeSync(file, `${line}\n`))
    if (flags.json === true) context.write(asJson(result, context.version))
    else {
      const { violations, kinds, faults, ...rest } = result
      const all = [rest, kinds, faults].flatMap((part) => Object.entries(part))
      const lines = all.map(([name, value]) => `${name}: ${value}`)
      context.write(lines.join('\n'))
      report(result, context)
    }
    if (result.violations.length > 0) throw failed([result], flags)
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
}

async function runMany(flags: SimFlags, context: CliContext): Promise<void> {
  const { runSeeds } = await import('./jobs.ts')
  const { Summary } = await import('./summary.ts')
  const { seeds, from, jobs, validators } = flags
  const isJson = flags.json === true
  const summary = new Summary(Date.now())
  let saidMs = Date.now()
  let isInterrupted = false
  const interrupted = new Promise<void>(onInterrupt).then(() => {
    isInterrupted = true
  })
  await runSeeds(
    { from, count: seeds, validators },
    jobs,
    (result) => {
      summary.add(result)
      if (isJson) context.write(asJson(result, context.version))
      else report(result, context)
      if (!isJson && Date.now() - saidMs > PROGRESS_EVERY_MS) {
        saidMs = Date.now()
        context.write(summary.line(seeds, saidMs))
      }
      return !isInterrupted && summary.failed.length < (flags.bail === true ? 1 : MAX_FAILED)
    },
    interrupted,
  )
  if (!isJson) context.write(summary.text(Date.now()))
  if (summary.failed.length > 0) throw failed(summary.failed, flags)
  if (isInterrupted) {
    throw new QuernError('INTERRUPTED', `${summary.seeds} of ${seeds} seeds were run`)
  }
}
