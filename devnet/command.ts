/** `quern devnet`: the network in one command, in one process or in one for each node. */
import type { Command } from 'commander'
import { toHex } from '../core/bytes.ts'
import { messageOf } from '../core/errors.ts'
import { parseCpc } from '../core/units.ts'
import { argument } from '../node/cli/argument.ts'
import type { CliContext } from '../node/cli/context.ts'
import { onInterrupt } from '../node/cli/interrupt.ts'
import { describeEvent } from '../node/cli/worker/describe.ts'
import { whole } from '../node/config/kinds.ts'
import { banner, readyEvent } from './banner.ts'
import { addCheckCommand } from './check/command.ts'
import type { DevnetOptions, RunningDevnet } from './devnet.ts'
import type { DevnetPlan } from './genesis.ts'

interface DevnetFlags {
  readonly validators?: number
  readonly workers?: number
  readonly rpcPort: number
  readonly host: string
  readonly dataDir?: string
  readonly accounts?: number
  readonly balance?: string
  readonly mnemonic?: string
  readonly blockIntervalMs?: number
  readonly epochBlocks?: number
  readonly networkDelayMs?: number
  readonly gasLimit?: number
  readonly seed?: string
  readonly zkRisc0Circuit?: string
  readonly processes?: boolean
  readonly silent?: boolean
  readonly json?: boolean
}

const wholeNumber = (least: number, most: number) => argument(whole(least, most))

function planOf(flags: DevnetFlags): Partial<Omit<DevnetPlan, 'timestampMs'>> {
  const given = {
    validators: flags.validators,
    workers: flags.workers,
    accounts: flags.accounts,
    balanceWei: flags.balance === undefined ? undefined : parseCpc(flags.balance),
    mnemonic: flags.mnemonic,
    blockIntervalMs: flags.blockIntervalMs,
    epochBlocks: flags.epochBlocks,
    networkDelayMs: flags.networkDelayMs,
    gasLimit: flags.gasLimit,
    seed: flags.seed,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** One line for each block, and one for each pay-day of a worker. */
function report(devnet: RunningDevnet, write: (line: string) => void): void {
  let paidEpoch = devnet.node.latest().epoch
  devnet.node.subscribe((event) => {
    if (event.type !== 'final') return
    const { header, hash } = event.block.block
    const { length } = event.block.transactions
    const results =
      header.resultCount === 0 ? '' : `, ${header.resultCount} result${header.resultCount === 1 ? '' : 's'}`
    write(
      `block ${header.height}  ${toHex(hash).slice(0, 18)}  epoch ${header.epoch}, view ${header.view}  ${length} tx${results}`,
    )
    // An older epoch: a snapshot has been put back.
    const isNew = header.epoch > paidEpoch
    paidEpoch = header.epoch
    if (!isNew) return
    write(
      `epoch ${header.epoch} begins: the workers of epoch ${header.epoch - 1} are being paid (difficulty ${header.difficulty} MAC)`,
    )
  })
}

export function addDevnetCommand(program: Command, context: CliContext): void {
  const devnet = program
    .command('devnet')
    .description('start a whole network on this machine')
    .option('--validators <n>', 'validators (default 4)', wholeNumber(1, 32))
    .option('--workers <n>', 'CPU workers (default 1)', wholeNumber(0, 8))
    .option('--rpc-port <port>', 'JSON-RPC and WebSocket port; 0 = any free one', wholeNumber(0, 65_535), 8545)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data-dir <dir>', 'keep the chain here, and continue it (default: a temporary folder)')
    .option('--accounts <n>', 'funded accounts (default 10)', wholeNumber(0, 1_000))
    .option('--balance <cpc>', 'CPC of each account (default 10000)')
    .option('--mnemonic <phrase>', 'BIP-39 phrase of the accounts')
    .option(
      '--block-interval-ms <n>',
      'time the leader waits for transactions (default 500)',
      wholeNumber(10, 3_600_000),
    )
    .option('--epoch-blocks <n>', 'blocks of an epoch (default 40)', wholeNumber(4, 1_000))
    .option(
      '--network-delay-ms <n>',
      'D: who is silent for two of these is passed over (default 400)',
      wholeNumber(10, 60_000),
    )
    .option('--gas-limit <n>', 'gas of a block (default 240000000)', wholeNumber(1_000_000, 10_000_000_000))
    .option('--seed <text>', 'derive all keys and the genesis from this text: same seed, same genesis')
    .option('--zk-risc0-circuit <file>', 'table of the RISC Zero circuit: its receipts are checked with it')
    .option('--processes', 'a process for each validator, which answers on the ports after --rpc-port')
    .option('--silent', 'print nothing but errors')
    .option('--json', 'print JSON, one line a result')
    .addHelpText(
      'after',
      '\nExamples:\n  quern devnet\n  quern devnet --validators 1 --workers 0 --block-interval-ms 100\n  quern devnet --data-dir ./chain --seed mill --json\n  quern devnet --processes\n  quern devnet check',
    )
    .action((flags: DevnetFlags) => runDevnet(flags, context))
  addCheckCommand(devnet, context)
}

async function runDevnet(flags: DevnetFlags, context: CliContext): Promise<void> {
  const isTalkative = flags.silent !== true && flags.json !== true
  let failed: ((error: unknown) => void) | undefined
  const failure = new Promise<never>((_, reject) => {
    failed = reject
  })
  // Whoever waits for it comes later; until then a failure is kept, not unhandled.
  failure.catch(() => undefined)
  // Heard from now on: interrupted while it starts, the devnet still cleans up.
  const interrupted = new Promise<void>(onInterrupt)
  let isInterrupted = false
  void interrupted.then(() => {
    isInterrupted = true
  })
  const options: DevnetOptions = {
    plan: planOf(flags),
    host: flags.host,
    port: flags.rpcPort,
    clientVersion: `quern/${context.version}`,
    ...(flags.dataDir === undefined ? {} : { dataDir: flags.dataDir }),
    circuitFile: flags.zkRisc0Circuit,
    onFailure: (name, error) => {
      context.writeError(`error: ${name} stopped: ${messageOf(error)}`)
      failed?.(error)
    },
    onInternalError: (method, error) => {
      context.writeError(
        `error: ${method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
    },
    onWorker: (index, event) => {
      // Results show in the blocks' lines; here only what needs somebody's attention.
      if (isTalkative && (event.type === 'started' || event.type === 'trouble' || event.type === 'rejected')) {
        context.write(`worker ${index}: ${describeEvent(event)}`)
      }
    },
  }
  const devnet = await startDevnet(flags, context, options, interrupted).catch((error: unknown) => {
    if (!isInterrupted) throw error
  })
  if (devnet === undefined) return
  devnet.warmUp()
  if (flags.json === true) context.write(readyEvent(devnet.ready))
  if (isTalkative) {
    context.write(banner(devnet.ready))
    report(devnet, context.write)
  }
  try {
    await Promise.race([interrupted, failure])
  } finally {
    await devnet.stop()
  }
}

// The nodes are loaded here, not above: the other commands start in half the time without them.
async function startDevnet(
  flags: DevnetFlags,
  context: CliContext,
  options: DevnetOptions,
  interrupted: Promise<void>,
): Promise<RunningDevnet> {
  if (flags.processes !== true) return (await import('./devnet.ts')).Devnet.start(options)
  const { ProcessDevnet } = await import('./process-devnet.ts')
  return ProcessDevnet.start({
    ...options,
    interrupted,
    onValidatorEnd: (index, how) => {
      if (flags.json === true) context.write(JSON.stringify({ event: 'validatorEnded', validator: index, how }))
      else context.writeError(`validator ${index} ended (${how}): dev_restartValidator ${index} starts it again`)
    },
    onValidatorError: (index, line) => context.writeError(`validator ${index}: ${line}`),
  })
}
