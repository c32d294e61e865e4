/** `quern worker bench`: how fast this machine would work, and what for. Nothing of it is sent anywhere. */
import os from 'node:os'
import type { Command } from 'commander'
import { ZERO_ADDRESS } from '../../../core/bytes.ts'
import { messageOf, QuernError } from '../../../core/errors.ts'
import { BACKENDS, type ChooseOptions, chooseBackend, threadCounts } from '../../../gpu/choose.ts'
import { expectedCpcPerHour, expectedResultsPerHour } from '../../../gpu/earnings.ts'
import { type ChainFacts, factsReader } from '../../../gpu/facts.ts'
import { jsonRpc } from '../../../gpu/json-rpc.ts'
import { estimateSizes } from '../../../gpu/matrix-size.ts'
import { bareMacsPerSecond } from '../../../gpu/wasm/bare.ts'
import { type CliContext, outputOf } from '../context.ts'
import { onInterrupt } from '../interrupt.ts'
import { table } from '../output.ts'
import { requireGpuDriver } from './gpu-driver.ts'
import { type BackendOptions, backendChoices, type NodeOptions, nodeUrls, withBackends, withNodes } from './options.ts'
import { amount } from './text.ts'

/** Those of every preset, for when no node says which. */
const SIZES = [256, 512, 1_024, 2_048, 4_096, 8_192]
/** Asking for a price must not take longer than the measurement. */
const RPC_TIMEOUT_MS = 3_000

export type BenchRow = {
  readonly backend: string
  readonly threads: number
  readonly matrixSize: number
  readonly macsPerSecond: number
  /** Of the kernel's bare multiplication, for wasm `threads` times that of one; undefined where it is not measured. */
  readonly bareFraction: number | undefined
  readonly expectedCpcPerHour: number | undefined
  readonly expectedResultsPerHour: number | undefined
}

export interface BenchFailure {
  readonly backend: string
  readonly code: string
  readonly message: string
}

/** The chain's view of somebody who has not worked yet. */
async function readFacts(urls: readonly string[], signal: AbortSignal): Promise<ChainFacts | undefined> {
  for (const url of urls) {
    try {
      return await factsReader(jsonRpc(url, RPC_TIMEOUT_MS))(ZERO_ADDRESS, signal)
    } catch {
      signal.throwIfAborted()
    }
  }
  return undefined
}

type Measured = Omit<BenchRow, 'expectedCpcPerHour' | 'expectedResultsPerHour'>

/** A GPU is measured with its kernel kept busy, and its winners are recomputed. */
async function measureGpu({ adapter }: ChooseOptions, sizes: readonly number[]): Promise<readonly Measured[]> {
  requireGpuDriver()
  const { measureDevice } = await import('../../../gpu/webgpu/measure.ts')
  const report = await measureDevice({ sizes, ...(adapter === undefined ? {} : { adapter }) })
  return report.sizes.map(({ n, macsPerSecond, bareMacsPerSecond, wrong }) => {
    if (wrong > 0) {
      const message = `${report.device} computes wrongly at n = ${n}: do not work with it, and report its driver`
      throw new QuernError('BACKEND_WRONG', message)
    }
    return {
      backend: 'webgpu',
      threads: 1,
      matrixSize: n,
      macsPerSecond,
      bareFraction: macsPerSecond / bareMacsPerSecond,
    }
  })
}

async function measureCpu(
  wanted: ChooseOptions,
  sizes: readonly number[],
  signal: AbortSignal,
): Promise<readonly Measured[]> {
  const { name, threads, backend } = await chooseBackend({ ...wanted, signal })
  try {
    const estimates = await estimateSizes(backend, sizes, signal)
    return estimates
      .map(({ n, macsPerSecond }) => ({
        backend: name,
        threads,
        matrixSize: n,
        macsPerSecond,
        bareFraction: name === 'wasm' ? macsPerSecond / (threads * bareMacsPerSecond(n)) : undefined,
      }))
      .sort((a, b) => a.matrixSize - b.matrixSize)
  } finally {
    await backend.close()
  }
}

async function measure(
  wanted: ChooseOptions,
  facts: ChainFacts | undefined,
  signal: AbortSignal,
): Promise<readonly BenchRow[]> {
  const sizes = facts?.params.matrixSizes ?? SIZES
  const isGpu = wanted.backend === 'webgpu'
  const measured = isGpu ? await measureGpu(wanted, sizes) : await measureCpu(wanted, sizes, signal)
  return measured.map((row) => ({
    ...row,
    expectedCpcPerHour: facts && expectedCpcPerHour(facts, row.macsPerSecond),
    expectedResultsPerHour: facts && expectedResultsPerHour(facts, row.macsPerSecond),
  }))
}

const cell = (value: number | undefined, show: (value: number) => string): string =>
  value === undefined ? '' : show(value)

function benchText(
  rows: readonly BenchRow[],
  failures: readonly BenchFailure[],
  facts: ChainFacts | undefined,
): string {
  const price = facts === undefined ? [] : ['expected CPC/h', 'results/h']
  const lines = table(
    ['backend', 'threads', 'size', 'GMAC/s', 'of bare', ...price],
    rows.map((row) => [
      row.backend,
      String(row.threads),
      String(row.matrixSize),
      (row.macsPerSecond / 1e9).toFixed(2),
      cell(row.bareFraction, (part) => `${(part * 100).toFixed(0)} %`),
      cell(row.expectedCpcPerHour, amount),
      cell(row.expectedResultsPerHour, amount),
    ]),
  )
  const notes = [
    ...failures.map(({ backend, code, message }) => `${backend}: ${code}: ${message}`),
    'GMAC/s of whole attempts: drawing, multiplying, folding, hashing. Of bare: of the multiplication alone on as many threads;',
    "Strassen's method may bring it above 100 %. Larger sizes than these would take too long for an attempt.",
    facts === undefined
      ? 'No node answers, so nobody knows what it earns: name one with --rpc.'
      : `Expected at this moment's difficulty and competition on ${facts.network}, before fees; nothing here was sent or is paid.`,
  ]
  return [lines, '', ...notes].join('\n')
}

/** Each backend alone; wasm on one thread and on all. */
function benchChoices(options: BackendOptions, context: CliContext): readonly ChooseOptions[] {
  const choices = backendChoices(options, context)
  if (options.backend !== undefined) return choices
  const all = threadCounts(os.availableParallelism()).at(-1) ?? 1
  return BACKENDS.flatMap((backend): ChooseOptions[] => {
    const own = choices.map((choice) => ({ ...choice, backend }))
    if (backend !== 'wasm' || options.threads !== undefined) return own
    return [1, all].flatMap((threads) => own.map((choice) => ({ ...choice, threads })))
  })
}

const isSameRow = (a: BenchRow, b: BenchRow): boolean =>
  a.backend === b.backend && a.threads === b.threads && a.matrixSize === b.matrixSize

export function addBenchCommand(worker: Command, context: CliContext): void {
  withBackends(withNodes(worker.command('bench')))
    .description('how fast this machine is with each backend and size, and what it may expect to earn')
    .addHelpText('after', '\nExample:\n  quern worker bench --rpc http://127.0.0.1:8545')
    .action(async (options: NodeOptions & BackendOptions, command: Command) => {
      const output = outputOf(command, context)
      const interrupted = new AbortController()
      const { signal } = interrupted
      onInterrupt(() => interrupted.abort(new QuernError('INTERRUPTED', 'the bench was interrupted')))
      const facts = await readFacts(nodeUrls(options, context), signal)
      const rows: BenchRow[] = []
      const failures: BenchFailure[] = []
      for (const wanted of benchChoices(options, context)) {
        try {
          rows.push(...(await measure(wanted, facts, signal)))
        } catch (error) {
          signal.throwIfAborted()
          const code = error instanceof QuernError ? error.code : 'UNKNOWN'
          failures.push({ backend: wanted.backend ?? 'any', code, message: messageOf(error) })
        }
      }
      // On one core all threads are one, measured twice.
      const distinct = rows.filter((row, i) => rows.findIndex((other) => isSameRow(other, row)) === i)
      output.print({ rows: distinct, failures }, () => benchText(distinct, failures, facts))
      if (distinct.length === 0) throw new QuernError('BACKEND_UNAVAILABLE', 'no backend runs here: see above')
    })
}
