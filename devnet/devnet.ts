/**
 * A devnet: a whole network on this machine, with its workers and one URL.
 *
 *     worker ── JSON-RPC ──> node (follows) ── memory hub ── validator 0..n-1
 *
 * The same seed gives the same keys and the same genesis. Everything ends with `stop`, in less than two seconds.
 */
import { randomBytes } from 'node:crypto'
import { hexKey } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { WEI_PER_CPC } from '../core/units.ts'
import type { LotteryBackend } from '../gpu/backend.ts'
import { createRpcClient } from '../gpu/rpc-client.ts'
import { createThreadedBackend } from '../gpu/threaded.ts'
import { type RunningWorker, startWorker } from '../gpu/worker.ts'
import type { WorkerEvent } from '../gpu/worker-events.ts'
import type { NodeApi } from '../node/api.ts'
import { SystemClock } from '../node/clock.ts'
import { type RpcServer, startRpcServer } from '../node/rpc/server.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { ReadyDevnet } from './banner.ts'
import { Cluster } from './cluster.ts'
import { Controls } from './controls.ts'
import { CurrentNode } from './current-node.ts'
import { type DevnetDirectory, openDirectory } from './directory.ts'
import { type DevnetKeys, type DevnetPlan, devnetGenesis, devnetKeys, SEEDED_TIMESTAMP_MS } from './genesis.ts'
import { DEFAULT_MNEMONIC } from './keys.ts'

export interface DevnetOptions {
  /** What the user said; the rest has defaults. */
  readonly plan?: Partial<Omit<DevnetPlan, 'timestampMs'>>
  readonly dataDir?: string
  readonly host?: string
  /** 0 = any free one. */
  readonly port: number
  readonly clientVersion: string
  readonly cors?: '*' | readonly string[]
  readonly onWorker?: (index: number, event: WorkerEvent) => void
  readonly onFailure: (name: string, error: unknown) => void
  /** A JSON-RPC method failed in a way that it did not foresee; its caller was told no more than that. */
  readonly onInternalError?: (method: string, error: unknown) => void
}

/** CPU workers play at the size where a CPU finds its first ticket soonest. */
const WORKER_MATRIX_SIZE = 256
/** The rest of a core is left to the validators, who share the machine. */
const WORKER_DUTY_CYCLE = 0.3

/** What to do about the errors that users cause. */
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; stop what listens there, or choose another with --rpc-port (0 = any free one)',
  EACCES: 'this user may not; choose a port above 1023 with --rpc-port',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --host',
  ENOTFOUND: 'this machine has no such address; choose another with --host',
}

export class Devnet {
  readonly ready: ReadyDevnet
  readonly genesis: Genesis
  readonly keys: DevnetKeys
  readonly controls: Controls
  /** The one behind the URL, whichever that is after a snapshot or a revert. */
  readonly node: NodeApi
  readonly cluster: Cluster
  readonly #directory: DevnetDirectory
  readonly #server: RpcServer
  readonly #workers: readonly { readonly worker: RunningWorker; readonly backend: LotteryBackend }[]
  #stopping: Promise<void> | undefined

  private constructor(parts: {
    ready: ReadyDevnet
    genesis: Genesis
    keys: DevnetKeys
    controls: Controls
    node: NodeApi
    cluster: Cluster
    directory: DevnetDirectory
    server: RpcServer
    workers: readonly { worker: RunningWorker; backend: LotteryBackend }[]
  }) {
    this.ready = parts.ready
    this.genesis = parts.genesis
    this.keys = parts.keys
    this.controls = parts.controls
    this.node = parts.node
    this.cluster = parts.cluster
    this.#directory = parts.directory
    this.#server = parts.server
    this.#workers = parts.workers
  }

  /** @throws QuernError from the plan, the stores or the chain; `RPC_LISTEN_FAILED` when the port is taken */
  static async start(options: DevnetOptions): Promise<Devnet> {
    const directory = openDirectory(options.dataDir, options.plan ?? {}, completePlan)
    const { plan } = directory
    const clock = new SystemClock()
    let cluster: Cluster | undefined
    try {
      const keys = devnetKeys(plan)
      const genesis = devnetGenesis(plan, keys)
      directory.savePlan()
      cluster = await Cluster.start({
        genesis,
        keys: keys.validators,
        clock,
        directory: directory.path,
        onFailure: options.onFailure,
      })
      const current = new CurrentNode(cluster.entry)
      const controls = new Controls({ cluster, current, clock, accounts: keys.accounts, authority: keys.authority })
      const server = await listen(options, current, controls)
      const workers = keys.workers.map((key, index) => {
        const backend = createThreadedBackend()
        const worker = startWorker({
          client: createRpcClient(server.url),
          backend,
          privateKey: key.privateKey,
          matrixSize: WORKER_MATRIX_SIZE,
          dutyCycle: WORKER_DUTY_CYCLE,
          onEvent: (event) => options.onWorker?.(index, event),
        })
        worker.done.catch((error: unknown) => options.onFailure(`worker-${index}`, error))
        return { worker, backend }
      })
      const ready: ReadyDevnet = {
        chainId: genesis.params.chainId,
        rpc: server.url,
        ws: server.wsUrl,
        genesisHash: cluster.entry.genesisHash,
        accounts: keys.accounts,
        balanceWei: plan.balanceWei,
        mnemonic: plan.mnemonic,
        seed: plan.seed,
        validators: plan.validators,
        workers: plan.workers,
        dataDir: directory.isTemporary ? undefined : directory.path,
      }
      return new Devnet({ ready, genesis, keys, controls, node: current.api, cluster, directory, server, workers })
    } catch (error) {
      await cluster?.stop()
      directory.dispose()
      throw error
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.stop()))
    await Promise.all(this.#workers.map(({ backend }) => backend.close()))
    await this.#server.close()
    await this.cluster.stop()
    this.#directory.dispose()
  }
}

async function listen(options: DevnetOptions, current: CurrentNode, controls: Controls): Promise<RpcServer> {
  const { port, clientVersion, host, cors } = options
  try {
    return await startRpcServer({
      node: current.api,
      dev: controls,
      clientVersion,
      port,
      ...(host === undefined ? {} : { host }),
      ...(cors === undefined ? {} : { cors }),
      log: { internalError: (method, error) => options.onInternalError?.(method, error) },
    })
  } catch (cause) {
    const advice = LISTEN_ADVICE[(cause as NodeJS.ErrnoException).code ?? '']
    if (advice === undefined) throw cause
    throw new QuernError(
      'RPC_LISTEN_FAILED',
      `cannot listen on ${host ?? 'loopback'}, port ${port}: ${advice}`,
      {},
      { cause },
    )
  }
}

/** A seed given by the user fixes the genesis time too; without one, every devnet is its own. */
const completePlan = (given: Partial<DevnetPlan>): DevnetPlan => ({
  validators: 4,
  workers: 1,
  mnemonic: DEFAULT_MNEMONIC,
  accounts: 10,
  balanceWei: 10_000n * WEI_PER_CPC,
  seed: hexKey(randomBytes(8)),
  timestampMs: given.seed === undefined ? Date.now() : SEEDED_TIMESTAMP_MS,
  ...given,
})
