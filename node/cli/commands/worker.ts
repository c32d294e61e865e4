/** `quern worker`: multiplies matrices for a chain and is paid for it. */
import type { Command } from 'commander'
import { formatAddress } from '../../../core/address.ts'
import { type Address, hexKey, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { BACKENDS, type Choice, chooseBackend } from '../../../gpu/choose.ts'
import { createRpcClient } from '../../../gpu/rpc-client.ts'
import { startWorker } from '../../../gpu/worker.ts'
import type { WorkerEvent } from '../../../gpu/worker-events.ts'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import { onInterrupt } from '../interrupt.ts'
import { jsonSafe } from '../output.ts'
import { rpcClient } from '../rpc-client.ts'
import { loadSigner, type SignerOptions, withSigner } from '../signer.ts'

interface WorkerOptions extends SignerOptions {
  readonly rpc: string
  readonly matrixSize?: string
  readonly duty: string
  readonly backend?: string
  readonly threads?: string
}

/** One line for people. */
function describeChoice({ name, threads, trials }: Choice): string {
  const rates = trials.map((trial) => {
    const candidate = `${trial.name} x${trial.threads}`
    return 'failed' in trial
      ? `${candidate}: ${trial.failed.code}`
      : `${candidate}: ${(trial.macsPerSecond / 1e9).toFixed(1)} GMAC/s`
  })
  const measured = rates.length === 0 ? '' : ` (${rates.join(', ')})`
  return `computing with ${name} on ${threads} ${threads === 1 ? 'thread' : 'threads'}${measured}`
}

/** One line for people. */
export function describeEvent(event: WorkerEvent): string {
  switch (event.type) {
    case 'started':
      return `working for ${formatAddress(event.address)}, matrices of ${event.matrixSize} x ${event.matrixSize}`
    case 'seeded':
      return `seed from block ${event.seedHeight}, difficulty ${event.difficultyMacs} MAC`
    case 'submitted':
      return `result ${hexKey(event.transaction).slice(0, 16)} submitted (attempt ${event.found.attempt}, tile ${event.found.tile})`
    case 'accepted':
      return `result ${hexKey(event.transaction).slice(0, 16)} accepted`
    case 'rejected':
      return `result rejected: ${event.tag}`
    case 'late':
      return 'result came too late for its seed window'
    case 'trouble':
      return `${event.tag}: ${event.message} (trying again in ${event.retryMs} ms)`
  }
}

/** A result costs a fee: without a wei on the account the machine would work for nothing. */
async function requireFunds(url: string, address: Address): Promise<void> {
  const balance = await rpcClient(url).call<string>('eth_getBalance', [toHex(address), 'latest'])
  if (BigInt(balance) > 0n) return
  const account = formatAddress(address)
  throw new QuernError(
    'WORKER_NO_FUNDS',
    `${account} has no CPC to pay for its results: send it some (on a devnet: \`quern faucet ${account} 1\`)`,
  )
}

export function addWorkerCommand(program: Command, context: CliContext): void {
  withSigner(withRpc(program.command('worker'), context), 'is paid')
    .description('compute results for a chain on this machine')
    .option('--matrix-size <n>', 'use this size instead of the fastest one here')
    .option('--duty <part>', 'part of the time to compute, above 0 and at most 1', '1')
    .option('--backend <name>', `${BACKENDS.join(' or ')}; default: whichever is fastest here`)
    .option('--threads <count>', 'threads of the backend; default: whichever number is fastest here')
    .addHelpText('after', '\nExample:\n  quern worker --rpc http://127.0.0.1:8545 --from miller')
    .action(async (options: WorkerOptions, command: Command) => {
      const dutyCycle = Number(options.duty)
      if (!(dutyCycle > 0 && dutyCycle <= 1))
        throw new QuernError('ARGUMENT_INVALID', '--duty must be above 0 and at most 1')
      const signer = await loadSigner(options, context.env)
      const output = outputOf(command, context)
      await requireFunds(options.rpc, signer.address)
      const interrupted = new AbortController()
      const { signal } = interrupted
      onInterrupt(() => interrupted.abort())
      const choice = await chooseBackend({
        ...(options.backend === undefined ? {} : { backend: options.backend }),
        ...(options.threads === undefined ? {} : { threads: Number(options.threads) }),
        signal,
      }).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      if (choice === undefined) return
      const { backend } = choice
      output.note(describeChoice(choice))
      const worker = startWorker({
        client: createRpcClient(options.rpc),
        backend,
        privateKey: signer.privateKey,
        dutyCycle,
        ...(options.matrixSize === undefined ? {} : { matrixSize: Number(options.matrixSize) }),
        onEvent: (event) => {
          context.write(output.json ? JSON.stringify(event, jsonSafe) : describeEvent(event))
        },
      })
      signal.addEventListener('abort', () => void worker.stop())
      if (signal.aborted) await worker.stop()
      try {
        await worker.done
      } finally {
        await backend.close()
        const { attempts, submitted, accepted, rejected, late } = worker.stats()
        output.note(
          `${attempts} attempts, ${submitted} submitted, ${accepted} accepted, ${rejected} rejected, ${late} late`,
        )
      }
    })
}
