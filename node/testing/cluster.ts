/** Several nodes over one memory hub, for tests: each with its own store, clock reader and signature pool. */

import { FAST_PARAMS, testGenesis, testKey } from '../../consensus/testing/chain.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { toHex } from '../../core/bytes.ts'
import { type KvStore, MemoryStore } from '../../core/kv.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { MemoryHub } from '../../p2p/memory.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { ChainParams } from '../../vm/params.ts'
import { ChainNode, type ChainNodeOptions } from '../chain-node.ts'
import { SystemClock } from '../clock.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'

/** Long for a machine that runs other tests beside, far beyond what a healthy cluster takes. */
const PATIENCE_MS = 20_000

export class Cluster {
  readonly hub = new MemoryHub()
  readonly clock = new SystemClock()
  readonly genesis: Genesis
  readonly stores: KvStore[] = []
  readonly nodes: (ChainNode | undefined)[] = []
  readonly failures: unknown[] = []
  readonly #pools: SignaturePool[] = []

  readonly #scheme: BlsScheme

  constructor(validators: number, params: ChainParams = FAST_PARAMS, scheme: BlsScheme = standInScheme()) {
    this.#scheme = scheme
    this.genesis = testGenesis(validators, params, scheme)
  }

  /** Opens and starts node i on its own store. Numbers from the validator count on are followers. */
  async start(i: number, options: Partial<ChainNodeOptions> = {}): Promise<ChainNode> {
    const { params } = this.genesis
    this.stores[i] ??= new MemoryStore()
    const signatures = new SignaturePool({ chainId: params.chainId, decode: { devKinds: false }, workers: 0 })
    this.#pools.push(signatures)
    const node = await ChainNode.open({
      genesis: this.genesis,
      ...(i < this.genesis.validators.length ? { key: testKey(i) } : {}),
      store: this.stores[i],
      clock: this.clock,
      bls: this.#scheme,
      transport: options.transport ?? this.hub.connect(`node-${i}`),
      signatures,
      onFailure: (error) => this.failures.push(error),
      ...options,
    })
    this.nodes[i] = node
    node.start()
    return node
  }

  async startAll(): Promise<ChainNode[]> {
    return Promise.all(this.genesis.validators.map((_, i) => this.start(i)))
  }

  async stop(i: number): Promise<void> {
    await this.nodes[i]?.stop()
    this.nodes[i] = undefined
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.nodes.map((_, i) => this.stop(i)))
    await Promise.all(this.#pools.map((pool) => pool.close()))
  }

  /** Waits until the node has finalised a height, or `condition` holds of it. */
  async until(node: ChainNode, condition: number | (() => boolean)): Promise<void> {
    const isMet = typeof condition === 'number' ? () => node.finalized().height >= condition : condition
    const deadline = Date.now() + PATIENCE_MS
    while (!isMet()) {
      if (this.failures.length > 0) throw this.failures[0]
      if (Date.now() > deadline) {
        throw new Error(`not there in time: final ${node.finalized().height}, tip ${node.latest().height}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** Hash of the final block at each height up to `height`, as this node has it. */
export const chainOf = (node: ChainNode, height: number): string[] =>
  Array.from({ length: height + 1 }, (_, h) => toHex(node.blockByHeight(h)!.block.hash))
