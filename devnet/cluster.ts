/**
 * The nodes of a devnet in one process: n validators, each with its own store, engine, mempool and verification, joined by
 * an in-memory network that carries bytes. With several validators the URL belongs to one more node, which only follows,
 * so that any validator may fail; with one, to that validator.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { KvStore } from '../core/kv.ts'
import type { MempoolSnapshot } from '../mempool/mempool.ts'
import { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { SignaturePool } from '../node/ingest/signature-pool.ts'
import { dumpStore, restoreStore, type StoreDump } from '../node/storage/dump.ts'
import { LevelStore } from '../node/storage/level-store.ts'
import { MemoryHub } from '../node/transport/memory.ts'
import type { Genesis } from '../vm/genesis.ts'
import { decodeOptions } from '../vm/transaction/envelope.ts'
import type { ValidatorKey } from './keys.ts'

export interface ClusterOptions {
  readonly genesis: Genesis
  readonly keys: readonly ValidatorKey[]
  readonly clock: SystemClock
  readonly directory: string
  /** A node stopped by itself. */
  readonly onFailure: (name: string, error: unknown) => void
}

/** Every store and every mempool at one moment; stores hold the signing records too. */
export interface ClusterSnapshot {
  readonly stores: readonly StoreDump[]
  readonly mempools: readonly MempoolSnapshot[]
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #stores: readonly KvStore[]
  readonly #signatures: SignaturePool
  #nodes: ChainNode[] = []

  private constructor(options: ClusterOptions, stores: readonly KvStore[]) {
    this.#options = options
    this.#stores = stores
    const { params } = options.genesis
    this.#signatures = new SignaturePool({ chainId: params.chainId, decode: decodeOptions(params) })
  }

  /** @throws QuernError `StoreErrorCode`, `ChainStoreErrorCode` */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const names = options.keys.map((_, i) => `validator-${i}`)
    if (names.length > 1) names.push('node')
    const stores: KvStore[] = []
    try {
      for (const name of names) {
        const directory = path.join(options.directory, name)
        fs.mkdirSync(directory, { recursive: true })
        stores.push(await LevelStore.open(directory))
      }
    } catch (error) {
      await Promise.all(stores.map((store) => store.close()))
      throw error
    }
    const cluster = new Cluster(options, stores)
    try {
      await cluster.#open()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  get validators(): readonly ChainNode[] {
    return this.#nodes.slice(0, this.#options.keys.length)
  }

  /** The one behind the URL. */
  get entry(): ChainNode {
    return this.#nodes.at(-1)!
  }

  /** Makes ready what the first transaction would wait for. */
  warmUp(): void {
    this.#signatures.warmUp()
  }

  async #open(mempools?: readonly MempoolSnapshot[]): Promise<void> {
    const { genesis, keys, clock } = this.#options
    const hub = new MemoryHub()
    for (const [i, store] of this.#stores.entries()) {
      const key = keys[i]
      const name = key === undefined ? 'node' : `validator-${i}`
      this.#nodes[i] = await ChainNode.open({
        genesis,
        ...(key === undefined ? {} : { key: { owner: key.address, blsSecretKey: key.blsSecretKey } }),
        store,
        clock,
        transport: hub.connect(name),
        signatures: this.#signatures,
        onFailure: (error) => this.#options.onFailure(name, error),
      })
    }
    // Blocks may be dated ahead of this machine's clock, by dev_increaseTime before a restart: go on from there.
    const headMs = Math.max(...this.#nodes.map((node) => node.latest().timestampMs))
    clock.advance(headMs - clock.nowMs())
    for (const [i, node] of this.#nodes.entries()) {
      const mempool = mempools?.[i]
      if (mempool !== undefined) node.restoreMempool(mempool)
      node.start()
    }
  }

  async #halt(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()))
  }

  /** Stops every node for a moment, so that all stores are of one moment. */
  async snapshot(): Promise<ClusterSnapshot> {
    const mempools = this.#nodes.map((node) => node.mempoolSnapshot())
    await this.#halt()
    const stores = await Promise.all(this.#stores.map(dumpStore))
    await this.#open(mempools)
    return { stores, mempools }
  }

  async restore(snapshot: ClusterSnapshot): Promise<void> {
    await this.#halt()
    await Promise.all(this.#stores.map((store, i) => restoreStore(store, snapshot.stores[i]!)))
    await this.#open(snapshot.mempools)
  }

  async stop(): Promise<void> {
    await this.#halt()
    await Promise.all([this.#signatures.close(), ...this.#stores.map((store) => store.close())])
  }
}
