/** `quern worker`: multiplies matrices for a chain and is paid for it. */
import type { Command } from 'commander'
import { formatAddress } from '../../../core/address.ts'
import { type Address, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { type Choice, chooseBackend } from '../../../gpu/choose.ts'
import { type CliContext, outputOf } from '../context.ts'
import { onInterrupt } from '../interrupt.ts'
import { rpcClient } from '../rpc-client.ts'
import { loadSigner, type SignerOptions, withSigner } from '../signer.ts'
import { addBenchCommand } from '../worker/bench.ts'
import { describeChoice } from '../worker/describe.ts'
import { addDoctorCommand } from '../worker/doctor.ts'
import {
  type BackendOptions,
  backendChoices,
  type NodeOptions,
  nodeUrls,
  readNumberOption,
  withBackends,
  withNodes,
} from '../worker/options.ts'

interface WorkerOptions extends SignerOptions, NodeOptions, BackendOptions {
  readonly key?: string
  readonly matrixSize?: string
  readonly duty: string
  readonly plain?: boolean
  readonly metricsPort?: string
}

/** `--key` says what `--private-key` or `--from` would: hex digits of a key's length are one, all else is a name. */
function signerOptions({ key, ...options }: WorkerOptions): SignerOptions {
  if (key === undefined) return options
  if (options.from !== undefined || options.privateKey !== undefined) {
    throw new QuernError('ARGUMENT_INVALID', 'choose one of --key, --from and --private-key')
  }
  return /^(0x)?[0-9a-fA-F]{64}$/.test(key) ? { ...options, privateKey: key } : { ...options, from: key }
}

/**
 * A result costs a fee: without a wei on the account the machine would work for nothing.
 * @throws QuernError `WORKER_NO_FUNDS`, or what the last of the nodes failed with
 */
async function requireFunds(urls: readonly string[], address: Address): Promise<void> {
  let failure: unknown
  for (const url of urls) {
    try {
      const balance = await rpcClient(url).call<string>('eth_getBalance', [toHex(address), 'latest'])
      if (BigInt(balance) > 0n) return
      const account = formatAddress(address)
      const advice = `send it some (on a devnet: \`quern faucet ${account} 1\`)`
      failure = new QuernError('WORKER_NO_FUNDS', `${account} has no CPC to pay for its results: ${advice}`)
      break
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** All that were asked for, or none: a device that is left out silently earns nothing. */
async function openBackends(
  options: WorkerOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<readonly Choice[]> {
  const choices: Choice[] = []
  try {
    for (const wanted of backendChoices(options, context)) choices.push(await chooseBackend({ ...wanted, signal }))
    return choices
  } catch (error) {
    await closeAll(choices)
    if (signal.aborted) return []
    throw error
  }
}

const closeAll = (choices: readonly Choice[]): Promise<unknown> =>
  Promise.all(choices.map(({ backend }) => backend.close()))

const isScreen = ({ plain }: WorkerOptions, json: boolean, { env }: CliContext): boolean =>
  process.stdout.isTTY === true && plain !== true && !json && env.TERM !== 'dumb'

async function work(options: WorkerOptions, command: Command, context: CliContext): Promise<void> {
  const dutyCycle = Number(options.duty)
  if (!(dutyCycle > 0 && dutyCycle <= 1)) {
    throw new QuernError('ARGUMENT_INVALID', '--duty must be above 0 and at most 1')
  }
  const urls = nodeUrls(options, context)
  const signer = await loadSigner(signerOptions(options), context.env)
  const output = outputOf(command, context)
  const { matrixSize, metricsPort } = options
  const settings = {
    ...(matrixSize === undefined ? {} : { matrixSize: Number(matrixSize) }),
    ...(metricsPort === undefined ? {} : { metricsPort: readNumberOption('metrics-port', metricsPort, 0, 65_535) }),
  }
  await requireFunds(urls, signer.address)
  const interrupted = new AbortController()
  const { signal } = interrupted
  onInterrupt(() => interrupted.abort())
  const choices = await openBackends(options, context, signal)
  if (choices.length === 0) return
  for (const choice of choices) output.note(describeChoice(choice))
  const tty = isScreen(options, output.json, context) ? process.stdout : undefined
  // What only a working worker needs: every other command starts without its metrics and subscriptions.
  const { runSession } = await import('../worker/session.ts')
  try {
    await runSession({ urls, signer, choices, dutyCycle, ...settings, json: output.json, tty, signal }, context)
  } finally {
    await closeAll(choices)
  }
}

export function addWorkerCommand(program: Command, context: CliContext): void {
  const worker = withBackends(withNodes(withSigner(program.command('worker'), 'is paid')))
    .description('compute results for a chain on this machine')
    .option('--key <key>', 'short for --private-key or --from: hex, or a keystore entry by name or address')
    .option('--matrix-size <n>', 'use this size instead of the fastest one here')
    .option('--duty <part>', 'part of the time to compute, above 0 and at most 1', '1')
    .option('--plain', 'lines instead of a screen, as where the output is no terminal')
    .option('--metrics-port <port>', 'Prometheus metrics on this port of loopback; 0 = any free one')
    .option('--json', 'print JSON, one line an event')
    // Options after `bench` or `doctor` are theirs.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExamples:\n  quern worker --rpc http://127.0.0.1:8545 --from miller\n  quern worker --backend webgpu --backend wasm --metrics-port 9101\n  quern worker doctor --from miller',
    )
    .action((options: WorkerOptions, command: Command) => work(options, command, context))
  addBenchCommand(worker, context)
  addDoctorCommand(worker, context)
}
