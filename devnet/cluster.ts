/**
 * The nodes of a devnet in one process: n validators, each with its own store, engine, mempool and verification, joined by
 * an in-memory network that carries bytes. With several validators the URL belongs to one more node, which only follows,
 * so that any validator may fail; with one, to that validator.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { MempoolSnapshot } from '../mempool/mempool.ts'
import { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { SignaturePool } from '../node/ingest/signature-pool.ts'
import { copyStore } from '../node/storage/copy-store.ts'
import { LevelStore } from '../node/storage/level-store.ts'
import { MemoryHub } from '../p2p/memory.ts'
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
  /** Names the folder, under the cluster's own, with a copy of each store. */
  readonly id: number
  readonly mempools: readonly MempoolSnapshot[]
  readonly clockShiftMs: number
}

const SNAPSHOTS = 'snapshots'
/** Names the snapshot that is being restored, so that a process killed on the way finishes it at its next start. */
const RESTORING = 'restoring'

export class Cluster {
  readonly #options: ClusterOptions
  readonly #names: readonly string[]
  readonly #signatures: SignaturePool
  #stores: LevelStore[] = []
  #nodes: ChainNode[] = []
  #nextSnapshot = 1

  private constructor(options: ClusterOptions) {
    this.#options = options
    const names = options.keys.map((_, i) => `validator-${i}`)
    this.#names = names.length > 1 ? [...names, 'node'] : names
    const { params } = options.genesis
    this.#signatures = new SignaturePool({ chainId: params.chainId, decode: decodeOptions(params) })
  }

  /** @throws QuernError `StoreErrorCode`, `ChainStoreErrorCode` */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options)
    try {
      await cluster.#tidySnapshots()
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
    for (const [i, name] of this.#names.entries()) {
      const key = keys[i]
      const directory = this.#folder(name)
      fs.mkdirSync(directory, { recursive: true })
      const store = await LevelStore.open(directory)
      this.#stores.push(store)
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

  /** Nothing of the cluster touches its folders any more. */
  async #halt(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()))
    await Promise.all(this.#stores.splice(0).map((store) => store.close()))
  }

  /** Stops every node for a moment, so that all stores are of one moment. */
  async snapshot(): Promise<ClusterSnapshot> {
    const mempools = this.#nodes.map((node) => node.mempoolSnapshot())
    const clockShiftMs = this.#options.clock.shiftMs
    const id = this.#nextSnapshot++
    await this.#halt()
    try {
      for (const store of this.#names) await copyStore(this.#folder(store), this.#folder(SNAPSHOTS, String(id), store))
    } finally {
      await this.#open(mempools)
    }
    return { id, mempools, clockShiftMs }
  }

  async restore(snapshot: ClusterSnapshot): Promise<void> {
    await this.#halt()
    const name = String(snapshot.id)
    fs.writeFileSync(this.#folder(SNAPSHOTS, RESTORING), name)
    await this.#restoreStores(name)
    this.#options.clock.restoreShift(snapshot.clockShiftMs)
    await this.#open(snapshot.mempools)
  }

  /** Frees what a snapshot takes; it cannot be restored any more. */
  discard(snapshot: ClusterSnapshot): void {
    fs.rmSync(this.#folder(SNAPSHOTS, String(snapshot.id)), { recursive: true, force: true })
  }

  async #restoreStores(name: string): Promise<void> {
    for (const store of this.#names) await copyStore(this.#folder(SNAPSHOTS, name, store), this.#folder(store))
    fs.rmSync(this.#folder(SNAPSHOTS, RESTORING))
  }

  /** Snapshots live as long as the process that can name them. */
  async #tidySnapshots(): Promise<void> {
    const restoring = this.#folder(SNAPSHOTS, RESTORING)
    if (fs.existsSync(restoring)) await this.#restoreStores(fs.readFileSync(restoring, 'utf8'))
    fs.rmSync(this.#folder(SNAPSHOTS), { recursive: true, force: true })
  }

  #folder(...names: readonly string[]): string {
    return path.join(this.#options.directory, ...names)
  }

  async stop(): Promise<void> {
    await this.#halt()
    await this.#signatures.close()
  }
}
