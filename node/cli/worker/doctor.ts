/** `quern worker doctor`: can this machine work for that chain, and what to do where it cannot. */
import fs from 'node:fs'
import os from 'node:os'
import type { Command } from 'commander'
import { formatAddress } from '../../../core/address.ts'
import type { Address } from '../../../core/bytes.ts'
import { equalBytes, hexKey } from '../../../core/bytes.ts'
import { messageOf, QuernError } from '../../../core/errors.ts'
import { sha256 } from '../../../core/hash.ts'
import type { LotteryBackend, LotteryJob, TileWin } from '../../../gpu/backend.ts'
import { pause } from '../../../gpu/backoff.ts'
import { BACKENDS, chooseBackend } from '../../../gpu/choose.ts'
import { factsReader } from '../../../gpu/facts.ts'
import { jsonRpc } from '../../../gpu/json-rpc.ts'
import { createReferenceBackend } from '../../../gpu/reference.ts'
import { createRpcClient } from '../../../gpu/rpc-client.ts'
import { isInstalled, listAdapters, mayHaveDriver } from '../../../gpu/webgpu/dawn.ts'
import { codeOf, failures, lineOf } from '../../doctor/check.ts'
import { type CliContext, outputOf } from '../context.ts'
import { onInterrupt } from '../interrupt.ts'
import { loadSigner, type SignerOptions, withSigner } from '../signer.ts'
import { checksOf, type Seen, type SeenAccount, type SeenBackend, type SeenMachine, type SeenNode } from './checks.ts'
import { requireGpuDriver } from './gpu-driver.ts'
import {
  type BackendOptions,
  backendChoices,
  type NodeOptions,
  nodeUrls,
  readNumberOption,
  withBackends,
  withNodes,
} from './options.ts'

/** A node that needs longer fails the check on latency anyway. */
const RPC_TIMEOUT_MS = 5_000
/** For a WebSocket to be granted its subscription. */
const FEED_MS = 2_000
const FEED_POLL_MS = 20
const GOVERNOR_FILE = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'
const DEFAULT_RESULTS = 100
const MAX_RESULTS = 1_000_000

/** Of one lottery of 256: the same on every machine. */
const TRIAL: LotteryJob = { seed: sha256(new Uint8Array(1)), n: 256, target: 2n ** 250n }
/** For the rate: some ten milliseconds of the fastest processors, once code and memory are warm. */
const TRIAL_SIZE = 1_024

async function seeFeed(url: string, signal: AbortSignal): Promise<boolean> {
  const ending = new AbortController()
  const watch = createRpcClient(url).watchHeads?.(() => undefined, ending.signal)
  try {
    for (let waitedMs = 0; waitedMs < FEED_MS && watch?.isLive() === false; waitedMs += FEED_POLL_MS) {
      await pause(FEED_POLL_MS, signal)
    }
    return watch?.isLive() === true
  } finally {
    ending.abort()
  }
}

async function seeNode(url: string, address: Address, signal: AbortSignal): Promise<SeenNode> {
  try {
    const client = createRpcClient(url)
    const { genesisHash } = await client.identity(signal)
    const facts = await factsReader(jsonRpc(url, RPC_TIMEOUT_MS))(address, signal)
    const nowMs = Date.now()
    const workTrouble = await client.getWork(signal).then(
      () => undefined,
      (error: unknown) => `${codeOf(error)}: ${messageOf(error)}`,
    )
    const { network, chainId, height, syncing, latencyMs, timestampMs, blockMs } = facts
    const seen = { url, network, chainId, height, syncing, latencyMs, timestampMs, blockMs, nowMs }
    const feed = await seeFeed(url, signal)
    return { ...seen, genesisHash: hexKey(genesisHash), feed, ...(workTrouble === undefined ? {} : { workTrouble }) }
  } catch (error) {
    signal.throwIfAborted()
    return { url, trouble: `${codeOf(error)}: ${messageOf(error)}` }
  }
}

async function seeAccount(urls: readonly string[], address: Address, signal: AbortSignal): Promise<Seen['account']> {
  for (const url of urls) {
    try {
      const call = jsonRpc(url, RPC_TIMEOUT_MS)
      const [{ balanceWei }, { maxFeePerGas }] = await Promise.all([
        factsReader(call)(address, signal),
        createRpcClient(url).fees(signal),
      ])
      return { address: formatAddress(address), balanceWei, maxFeePerGas } satisfies SeenAccount
    } catch {
      signal.throwIfAborted()
    }
  }
  return 'no answer'
}

const isSame = (a: readonly TileWin[], b: readonly TileWin[]): boolean =>
  a.length === b.length && a.every(({ tile, ticket }, i) => tile === b[i]?.tile && equalBytes(ticket, b[i].ticket))

async function rateOf(backend: LotteryBackend, signal: AbortSignal): Promise<number> {
  const job = { ...TRIAL, n: TRIAL_SIZE, target: 0n }
  // Reserves memory and compiles.
  await backend.attempt(job, 0, signal)
  const startMs = performance.now()
  await backend.attempt(job, 1, signal)
  return (TRIAL_SIZE ** 3 * 1_000) / Math.max(0.001, performance.now() - startMs)
}

async function seeBackend(wanted: Parameters<typeof chooseBackend>[0], signal: AbortSignal): Promise<SeenBackend> {
  let backend: LotteryBackend | undefined
  try {
    if (wanted?.backend === 'webgpu') requireGpuDriver()
    const choice = await chooseBackend({ ...wanted, signal })
    backend = choice.backend
    const expected = await createReferenceBackend().attempt(TRIAL, 7, signal)
    const correct = isSame(expected, await backend.attempt(TRIAL, 7, signal))
    const macsPerSecond = await rateOf(backend, signal)
    return { name: choice.name, threads: choice.threads, correct, macsPerSecond }
  } catch (error) {
    signal.throwIfAborted()
    const trouble = { code: codeOf(error), message: messageOf(error) }
    return { name: wanted?.backend ?? 'any', threads: 1, trouble }
  } finally {
    await backend?.close()
  }
}

async function adapterNames(): Promise<readonly string[]> {
  if (!isInstalled() || !mayHaveDriver()) return []
  try {
    return (await listAdapters()).map(({ backend, name }) => `${name} (${backend})`)
  } catch {
    return []
  }
}

function readGovernor(): string | undefined {
  try {
    return fs.readFileSync(GOVERNOR_FILE, 'utf8').trim()
  } catch {
    return undefined
  }
}

const seeMachine = (): SeenMachine => ({
  node: `${process.version} on ${process.platform}, ${process.arch}`,
  cores: os.availableParallelism(),
  load: os.loadavg()[0] ?? 0,
  governor: readGovernor(),
  sharedMemory: typeof SharedArrayBuffer !== 'undefined',
})

interface DoctorOptions extends SignerOptions, NodeOptions, BackendOptions {
  readonly results: string
}

/** A key is not needed to look at a machine: without one its account is left out. */
async function addressOf(options: DoctorOptions, context: CliContext): Promise<Address | undefined> {
  try {
    return (await loadSigner(options, context.env)).address
  } catch (error) {
    if (codeOf(error) === 'SIGNER_MISSING') return undefined
    throw error
  }
}

export function addDoctorCommand(worker: Command, context: CliContext): void {
  withBackends(withNodes(withSigner(worker.command('doctor'), 'is paid')))
    .description('can this machine work for that chain? node, clock, latency, balance, backends, processor')
    .option('--results <count>', 'how many results the balance should do for', String(DEFAULT_RESULTS))
    .addHelpText('after', '\nExits with 1 when a check fails.\n\nExample:\n  quern worker doctor --from miller')
    .action(async (options: DoctorOptions, command: Command) => {
      const interrupted = new AbortController()
      const { signal } = interrupted
      onInterrupt(() => interrupted.abort(new QuernError('INTERRUPTED', 'the doctor was interrupted')))
      const results = readNumberOption('results', options.results, 1, MAX_RESULTS)
      const urls = nodeUrls(options, context)
      const address = await addressOf(options, context)
      const choices = backendChoices(options, context)
      const wanted = options.backend === undefined ? BACKENDS.map((backend) => ({ ...choices[0], backend })) : choices
      // Before the backends: they keep the processor busy.
      const machine = seeMachine()
      const nodes: SeenNode[] = []
      for (const url of urls) nodes.push(await seeNode(url, address ?? new Uint8Array(20), signal))
      const account = address === undefined ? 'no key' : await seeAccount(urls, address, signal)
      const backends: SeenBackend[] = []
      for (const choice of wanted) backends.push(await seeBackend(choice, signal))
      const checks = checksOf({ nodes, account, backends, adapters: await adapterNames(), machine, results })
      const fails = failures(checks)
      outputOf(command, context).print({ ok: fails.length === 0, checks }, () => checks.map(lineOf).join('\n'))
      if (fails.length > 0) throw new QuernError('WORKER_UNFIT', `cannot work like this: ${fails.join(', ')}`)
    })
}
