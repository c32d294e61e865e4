/** `quern devnet --processes`: the same network as `devnet.ts`, each validator in a process of its own. */
import path from 'node:path'
import type { NodeApi } from '../node/api.ts'
import { SystemClock } from '../node/clock.ts'
import { writeHome } from '../node/config/home.ts'
import { type NodeProofs, openProofs } from '../node/zk/proofs.ts'
import type { ReadyDevnet } from './banner.ts'
import { completePlan, type DevnetOptions, type RunningDevnet, readyOf } from './devnet.ts'
import { type DevnetDirectory, openDirectory } from './directory.ts'
import { type Front, openFront } from './front.ts'
import { devnetGenesis, devnetKeys } from './genesis.ts'
import { writeJoining } from './joining.ts'
import { ProcessControls } from './process-controls.ts'
import { ProcessNetwork } from './process-network.ts'

export interface ProcessDevnetOptions extends DevnetOptions {
  /** Resolves when the user has had enough, even before it is started. */
  readonly interrupted?: Promise<void>
  /** A validator's process ended by itself; the network goes on without it. */
  readonly onValidatorEnd: (index: number, how: string) => void
  readonly onValidatorError: (index: number, line: string) => void
}

export class ProcessDevnet implements RunningDevnet {
  readonly ready: ReadyDevnet
  readonly node: NodeApi
  readonly #network: ProcessNetwork
  readonly #proofs: NodeProofs
  readonly #directory: DevnetDirectory
  readonly #front: Front
  #stopping: Promise<void> | undefined

  private constructor(
    ready: ReadyDevnet,
    network: ProcessNetwork,
    proofs: NodeProofs,
    directory: DevnetDirectory,
    front: Front,
  ) {
    this.ready = ready
    this.node = network.entry
    this.#network = network
    this.#proofs = proofs
    this.#directory = directory
    this.#front = front
  }

  /** @throws QuernError from the plan, the homes, the nodes; `RPC_LISTEN_FAILED` when the port is taken */
  static async start(options: ProcessDevnetOptions): Promise<ProcessDevnet> {
    const directory = openDirectory(options.dataDir, options.plan ?? {}, completePlan)
    const { plan } = directory
    let network: ProcessNetwork | undefined
    let proofs: NodeProofs | undefined
    let front: Front | undefined
    try {
      const keys = devnetKeys(plan)
      const genesis = devnetGenesis(plan, keys)
      await directory.savePlan()
      // Validators run in other folders.
      const circuit = options.circuitFile === undefined ? undefined : path.resolve(options.circuitFile)
      proofs = await openProofs(genesis.params, circuit)
      for (const [i, key] of keys.validators.entries()) {
        await writeHome({
          home: path.join(directory.path, `validator-${i}`),
          genesis,
          // Whoever tries things out looks at any of them later.
          config: { chain: { mode: 'archive' }, ...(circuit === undefined ? {} : { zk: { risc0Circuit: circuit } }) },
          identity: key.identity,
          validator: key,
          reporter: key.account.privateKey,
        })
      }
      const { clientVersion: agent, onFailure, onValidatorEnd, onValidatorError, interrupted } = options
      network = await ProcessNetwork.open({
        genesis,
        keys,
        clock: new SystemClock(),
        directory: directory.path,
        proofs,
        agent,
        rpcHost: options.host ?? '127.0.0.1',
        rpcPort: options.port,
        onFailure,
        onValidatorEnd,
        onValidatorError,
        ...(interrupted === undefined ? {} : { interrupted }),
      })
      const { entry } = network
      const { accounts, authority, prover, workers } = keys
      const controls = new ProcessControls({ network, api: entry, accounts, authority, prover })
      // Before the validators: where the port is taken, none is started in vain.
      front = await openFront(options, entry, controls)
      await network.start()
      front.startWorkers(workers)
      await writeJoining(directory, genesis, network.nodes())
      const ready = readyOf({ genesis, genesisHash: entry.genesisHash, keys, directory, front }, network.nodes())
      return new ProcessDevnet(ready, network, proofs, directory, front)
    } catch (error) {
      await front?.stop()
      await network?.stop()
      await proofs?.ahead.close()
      directory.dispose()
      throw error
    }
  }

  warmUp(): void {
    this.#network.warmUp()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // Beside each other: the workers' last requests are not worth the validators' time.
    await Promise.all([this.#front.stop(), this.#network.stop()])
    await this.#proofs.ahead.close()
    this.#directory.dispose()
  }
}
