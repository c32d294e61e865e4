/**
 * A devnet: a whole network on this machine, with its workers and one URL.
 *
 *     worker ── JSON-RPC ──> node (follows) ── libp2p on loopback ── validator 0..n-1
 *
 * All nodes are in this process, each with its own identity, store and sockets; `process-devnet.ts` gives each validator a
 * process of its own. The same seed gives the same keys and the same genesis. Everything ends with `stop`, in less than
 * two seconds.
 */
import { randomBytes } from 'node:crypto'
import { hexKey } from '../core/bytes.ts'
import { WEI_PER_CPC } from '../core/units.ts'
import type { NodeApi } from '../node/api.ts'
import { SystemClock } from '../node/clock.ts'
import { type NodeProofs, openProofs } from '../node/zk/proofs.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { ReadyDevnet } from './banner.ts'
import { Cluster } from './cluster.ts'
import { Controls } from './controls.ts'
import { CurrentNode } from './current-node.ts'
import { type DevnetDirectory, openDirectory } from './directory.ts'
import { type Front, type FrontOptions, openFront } from './front.ts'
import { type DevnetKeys, type DevnetPlan, devnetGenesis, devnetKeys, SEEDED_TIMESTAMP_MS } from './genesis.ts'
import { writeJoining } from './joining.ts'
import { DEFAULT_MNEMONIC } from './keys.ts'

export interface DevnetOptions extends FrontOptions {
  /** What the user said; the rest has defaults. */
  readonly plan?: Partial<Omit<DevnetPlan, 'timestampMs'>>
  readonly dataDir?: string
  /** Table of RISC Zero's recursion circuit; without it its receipts are refused. */
  readonly circuitFile?: string | undefined
}

/** What both kinds of devnet offer to whoever started them. */
export interface RunningDevnet {
  readonly ready: ReadyDevnet
  /** The one behind the URL. */
  readonly node: NodeApi
  /** Makes ready what the first transaction would wait for. */
  warmUp(): void
  stop(): Promise<void>
}

export class Devnet implements RunningDevnet {
  readonly ready: ReadyDevnet
  readonly genesis: Genesis
  readonly keys: DevnetKeys
  readonly controls: Controls
  /** The one behind the URL, whichever that is after a snapshot or a revert. */
  readonly node: NodeApi
  readonly cluster: Cluster
  readonly #proofs: NodeProofs
  readonly #directory: DevnetDirectory
  readonly #front: Front
  #stopping: Promise<void> | undefined

  private constructor(parts: {
    ready: ReadyDevnet
    genesis: Genesis
    keys: DevnetKeys
    controls: Controls
    node: NodeApi
    cluster: Cluster
    proofs: NodeProofs
    directory: DevnetDirectory
    front: Front
  }) {
    this.ready = parts.ready
    this.genesis = parts.genesis
    this.keys = parts.keys
    this.controls = parts.controls
    this.node = parts.node
    this.cluster = parts.cluster
    this.#proofs = parts.proofs
    this.#directory = parts.directory
    this.#front = parts.front
  }

  /** @throws QuernError from the plan, the hosts, the stores or the chain; `RPC_LISTEN_FAILED` when the port is taken */
  static async start(options: DevnetOptions): Promise<Devnet> {
    const directory = openDirectory(options.dataDir, options.plan ?? {}, completePlan)
    const { plan } = directory
    const clock = new SystemClock()
    let cluster: Cluster | undefined
    let proofs: NodeProofs | undefined
    try {
      const keys = devnetKeys(plan)
      const genesis = devnetGenesis(plan, keys)
      await directory.savePlan()
      proofs = await openProofs(genesis.params, options.circuitFile)
      const { clientVersion: agent, onFailure } = options
      cluster = await Cluster.start({ genesis, keys, clock, directory: directory.path, proofs, agent, onFailure })
      const current = new CurrentNode(cluster.entry)
      const { accounts, authority, prover } = keys
      const controls = new Controls({ cluster, current, clock, accounts, authority, prover })
      const front = await openFront(options, current.api, controls)
      front.startWorkers(keys.workers)
      await writeJoining(directory, genesis, controls.nodes())
      const ready = readyOf({ genesisHash: current.api.genesisHash, genesis, keys, directory, front }, controls.nodes())
      return new Devnet({ ready, genesis, keys, controls, node: current.api, cluster, proofs, directory, front })
    } catch (error) {
      await cluster?.stop()
      await proofs?.ahead.close()
      directory.dispose()
      throw error
    }
  }

  warmUp(): void {
    this.cluster.warmUp()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#front.stop()
    await this.cluster.stop()
    await this.#proofs.ahead.close()
    this.#directory.dispose()
  }
}

/** @param nodes the one behind the URL last */
export function readyOf(
  parts: {
    readonly genesis: Genesis
    readonly genesisHash: Uint8Array
    readonly keys: DevnetKeys
    readonly directory: DevnetDirectory
    readonly front: Front
  },
  nodes: ReadyDevnet['nodes'],
): ReadyDevnet {
  const { genesis, genesisHash, keys, directory, front } = parts
  const { plan } = directory
  return {
    chainId: genesis.params.chainId,
    rpc: front.server.url,
    ws: front.server.wsUrl,
    genesisHash,
    accounts: keys.accounts,
    balanceWei: plan.balanceWei,
    mnemonic: plan.mnemonic,
    seed: plan.seed,
    prover: keys.prover,
    validators: plan.validators,
    workers: plan.workers,
    dataDir: directory.isTemporary ? undefined : directory.path,
    nodes: nodes.map((node, i) => (i === nodes.length - 1 ? { ...node, rpc: front.server.url } : node)),
  }
}

/** A seed given by the user fixes the genesis time too; without one, every devnet is its own. */
export const completePlan = (given: Partial<DevnetPlan>): DevnetPlan => ({
  validators: 4,
  workers: 1,
  mnemonic: DEFAULT_MNEMONIC,
  accounts: 10,
  balanceWei: 10_000n * WEI_PER_CPC,
  seed: hexKey(randomBytes(8)),
  timestampMs: given.seed === undefined ? Date.now() : SEEDED_TIMESTAMP_MS,
  ...given,
})
