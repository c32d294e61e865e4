/**
 * The nodes of a devnet in one process: n validators, each with its own identity, sockets, store, engine, mempool and
 * verification, joined by libp2p over loopback. With several validators the URL belongs to one more node, which only
 * follows, so that any validator may fail; with one, to that validator.
 */
import fs from 'node:fs'
import path from 'node:path'
import { assert, QuernError } from '../core/errors.ts'
import type { MempoolSnapshot } from '../mempool/mempool.ts'
import type { DevNode } from '../node/api.ts'
import type { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { SignaturePool } from '../node/ingest/signature-pool.ts'
import { copyStore } from '../node/storage/copy-store.ts'
import type { NodeProofs } from '../node/zk/proofs.ts'
import type { Genesis } from '../vm/genesis.ts'
import { decodeOptions } from '../vm/transaction/envelope.ts'
import { storeFolder } from './directory.ts'
import type { DevnetKeys } from './genesis.ts'
import { Member } from './member.ts'
import { blockedBy, type Groups, groupsOf } from './partition.ts'

export interface ClusterOptions {
  readonly genesis: Genesis
  readonly keys: Pick<DevnetKeys, 'validators' | 'entryIdentity'>
  readonly clock: SystemClock
  readonly directory: string
  /** One for all of them: they agree anyway. Whoever opened them closes them. */
  readonly proofs: NodeProofs
  /** `quern/1.2.3`. */
  readonly agent: string
  /** A node stopped by itself. */
  readonly onFailure: (name: string, error: unknown) => void
}

/** Every store and every mempool at one moment; stores hold the signing records too. */
export interface ClusterSnapshot {
  /** Names the folder, under the cluster's own, with a copy of each store. */
  readonly id: number
  /** Undefined for a node that did not run. */
  readonly mempools: readonly (MempoolSnapshot | undefined)[]
  readonly clockShiftMs: number
}

const SNAPSHOTS = 'snapshots'
/** Names the snapshot that is being restored, so that a process killed on the way finishes it at its next start. */
const RESTORING = 'restoring'

export class Cluster {
  readonly #options: ClusterOptions
  /** The one behind the URL stands last. */
  readonly #members: readonly Member[]
  readonly #signatures: SignaturePool
  readonly #killed = new Set<Member>()
  /** For each member the members it may not reach. */
  #blocked: readonly (readonly number[])[] = []
  #nextSnapshot = 1

  private constructor(options: ClusterOptions) {
    this.#options = options
    const { genesis, keys, clock, agent, directory, proofs, onFailure } = options
    const { params } = genesis
    const signatures = new SignaturePool({ chainId: params.chainId, decode: decodeOptions(params) })
    const member = (name: string) => ({
      name,
      directory: storeFolder(directory, name),
      genesis,
      clock,
      signatures,
      proofs,
      agent,
      onFailure: (error: unknown) => onFailure(name, error),
    })
    const validators = keys.validators.map(
      (key, i) => new Member({ ...member(`validator-${i}`), key, identity: key.identity }),
    )
    const follower = new Member({ ...member('node'), identity: keys.entryIdentity })
    this.#signatures = signatures
    this.#members = validators.length > 1 ? [...validators, follower] : validators
  }

  /** @throws QuernError from the hosts, `StoreErrorCode`, `ChainStoreErrorCode` */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options)
    try {
      await cluster.#tidySnapshots()
      await cluster.#connect()
      await cluster.#open()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  /** Those that run. */
  get validators(): readonly ChainNode[] {
    return this.#members.slice(0, this.#options.keys.validators.length).flatMap(({ node }) => node ?? [])
  }

  /** The one behind the URL. */
  get entry(): ChainNode {
    const node = this.#members.at(-1)?.node
    assert(node !== undefined, 'the node behind the URL is closed')
    return node
  }

  nodes(): readonly DevNode[] {
    return this.#members.map((member) => member.describe())
  }

  /** Makes ready what the first transaction would wait for. */
  warmUp(): void {
    this.#signatures.warmUp()
  }

  /** Of everybody on the network but `except`. */
  #addresses(except?: Member): readonly string[] {
    return this.#members.filter((member) => member !== except && member.isConnected).map(({ multiaddr }) => multiaddr)
  }

  /** One after the other: each is told where those before it are. */
  async #connect(): Promise<void> {
    for (const member of this.#running()) {
      await member.connect(this.#addresses(member))
      await this.#blockOne(member)
    }
  }

  async #open(mempools?: readonly (MempoolSnapshot | undefined)[]): Promise<void> {
    const { clock } = this.#options
    const headsMs: number[] = []
    for (const member of this.#running()) headsMs.push((await member.open()).latest().timestampMs)
    // Blocks may be dated ahead of this machine's clock, by dev_increaseTime before a restart: go on from there.
    clock.advance(Math.max(...headsMs) - clock.nowMs())
    for (const [i, member] of this.#members.entries()) member.start(mempools?.[i])
  }

  #running(): readonly Member[] {
    return this.#members.filter((member) => !this.#killed.has(member))
  }

  /** Nothing of the cluster touches its folders any more. */
  async #halt(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
  }

  // ---------------------------------------------------------------------------------------------------- snapshots

  /** Stops every node for a moment, so that all stores are of one moment. */
  async snapshot(): Promise<ClusterSnapshot> {
    const mempools = this.#members.map(({ node }) => node?.mempoolSnapshot())
    const clockShiftMs = this.#options.clock.shiftMs
    const id = this.#nextSnapshot++
    await this.#halt()
    try {
      for (const { name, directory } of this.#members) {
        await copyStore(directory, this.#folder(SNAPSHOTS, String(id), name))
      }
    } finally {
      await this.#open(mempools)
    }
    return { id, mempools, clockShiftMs }
  }

  /** Validators that are down now get their store back and stay down. */
  async restore(snapshot: ClusterSnapshot): Promise<void> {
    // Hosts too: what is said after a snapshot is said again after its return, and gossip hands nothing over twice.
    await Promise.all(this.#members.map((member) => member.stop()))
    const name = String(snapshot.id)
    fs.writeFileSync(this.#folder(SNAPSHOTS, RESTORING), name)
    await this.#restoreStores(name)
    this.#options.clock.restoreShift(snapshot.clockShiftMs)
    await this.#connect()
    await this.#open(snapshot.mempools)
  }

  /** Frees what a snapshot takes; it cannot be restored any more. */
  discard(snapshot: ClusterSnapshot): void {
    fs.rmSync(this.#folder(SNAPSHOTS, String(snapshot.id)), { recursive: true, force: true })
  }

  async #restoreStores(snapshot: string): Promise<void> {
    for (const { name, directory } of this.#members) {
      await copyStore(this.#folder(SNAPSHOTS, snapshot, name), directory)
    }
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

  // ------------------------------------------------------------------------------------------------------- faults

  /** @throws QuernError `PARTITION_INVALID` */
  async partition(groups: Groups): Promise<void> {
    const ofValidators = groupsOf(groups, this.#options.keys.validators.length)
    // The follower stays with the first group.
    const ofMembers = this.#members.map((_, i) => ofValidators[i] ?? 0)
    await this.#block(blockedBy(ofMembers))
  }

  async heal(): Promise<void> {
    await this.#block([])
    await Promise.all(this.#members.map((member, i) => member.dial(this.#addressesBefore(i))))
  }

  #addressesBefore(index: number): readonly string[] {
    return this.#members.slice(0, index).flatMap(({ isConnected, multiaddr }) => (isConnected ? [multiaddr] : []))
  }

  async #block(blocked: readonly (readonly number[])[]): Promise<void> {
    this.#blocked = blocked
    await Promise.all(this.#members.map((member) => this.#blockOne(member)))
  }

  #blockOne(member: Member): Promise<void> {
    const blocked = this.#blocked[this.#members.indexOf(member)] ?? []
    return member.setBlocked(blocked.map((index) => this.#members[index]!.id))
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN`, `VALIDATOR_NEEDED` */
  async kill(index: number): Promise<void> {
    const member = this.#validator(index)
    if (member === this.#members.at(-1)) {
      throw new QuernError('VALIDATOR_NEEDED', 'the only validator answers here: start with --validators 2 or more')
    }
    this.#killed.add(member)
    await member.kill()
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN`, `P2P_LISTEN_FAILED`, `StoreErrorCode`, `ChainStoreErrorCode` */
  async restart(index: number): Promise<void> {
    const member = this.#validator(index)
    if (!this.#killed.has(member)) return
    try {
      await member.connect(this.#addresses(member))
      await this.#blockOne(member)
      await member.open()
      this.#killed.delete(member)
      member.start()
    } catch (error) {
      await member.kill()
      throw error
    }
  }

  #validator(index: number): Member {
    const count = this.#options.keys.validators.length
    const member = index < count ? this.#members[index] : undefined
    if (member === undefined) throw unknownValidator(index, count)
    return member
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
    await this.#signatures.close()
  }
}

export const unknownValidator = (index: number, count: number): QuernError =>
  new QuernError('VALIDATOR_UNKNOWN', `there is no validator ${index}, only 0 to ${count - 1}`, { index })
