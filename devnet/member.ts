/**
 * One node of a devnet in this process: its place on the network, its store and the chain on it. The three live for
 * different times: the host from one return to a snapshot to the next, store and chain from one snapshot to the next.
 */
import fs from 'node:fs'
import path from 'node:path'
import { bls } from '../core/bls.ts'
import { assert, QuernError } from '../core/errors.ts'
import { loadTileKernel } from '../gpu/wasm/kernel.ts'
import type { MempoolSnapshot } from '../mempool/mempool.ts'
import type { DevNode } from '../node/api.ts'
import { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { genesisEntry } from '../node/genesis-entry.ts'
import type { SignaturePool } from '../node/ingest/signature-pool.ts'
import { LevelStore } from '../node/storage/level-store.ts'
import { claimOf } from '../node/validator-key/claim.ts'
import type { NodeProofs } from '../node/zk/proofs.ts'
import { peerIdOf } from '../p2p/identity.ts'
import { P2pNode } from '../p2p/p2p-node.ts'
import type { PeerId } from '../p2p/transport.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { DevnetValidator } from './keys.ts'

/** All nodes of a devnet stand on one address, and none of them is to be turned away. */
export const MAX_DEVNET_PEERS = 64

const ANY_PORT = '/ip4/127.0.0.1/tcp/0'

export interface MemberOptions {
  readonly name: string
  /** The store's. */
  readonly directory: string
  readonly identity: Uint8Array
  /** Absent: it follows. */
  readonly key?: DevnetValidator
  readonly genesis: Genesis
  readonly clock: SystemClock
  readonly signatures: SignaturePool
  readonly proofs: NodeProofs
  /** `quern/1.2.3`. */
  readonly agent: string
  /** It stopped by itself. */
  readonly onFailure: (error: unknown) => void
}

export class Member {
  readonly name: string
  readonly id: PeerId
  readonly directory: string
  readonly #options: MemberOptions
  /** The port stays the same over restarts, so that the others find it again. */
  #listen = ANY_PORT
  #multiaddr = ''
  #host: P2pNode | undefined
  #store: LevelStore | undefined
  #node: ChainNode | undefined

  constructor(options: MemberOptions) {
    this.#options = options
    this.name = options.name
    this.directory = options.directory
    this.id = peerIdOf(options.identity)
  }

  /** With /p2p/, as of its last start. */
  get multiaddr(): string {
    return this.#multiaddr
  }

  get isConnected(): boolean {
    return this.#host !== undefined
  }

  /** Undefined while the store is closed. */
  get node(): ChainNode | undefined {
    return this.#node
  }

  describe(): DevNode {
    const { name, id, multiaddr } = this
    const finalized = this.#node?.finalized()
    return {
      name,
      nodeId: id,
      multiaddr,
      pid: this.isConnected ? process.pid : undefined,
      rpc: undefined,
      finalized: finalized && { height: finalized.height, hash: finalized.hash },
    }
  }

  /** Opens its place on the network. @throws QuernError from P2pNode */
  async connect(persistentPeers: readonly string[]): Promise<void> {
    try {
      this.#host = await this.#startHost(persistentPeers)
    } catch (error) {
      const isTaken = error instanceof QuernError && error.code === 'P2P_LISTEN_FAILED' && this.#listen !== ANY_PORT
      if (!isTaken) throw error
      // Somebody took the port while the node was down. The others are told the new one when this node dials them.
      this.#listen = ANY_PORT
      this.#host = await this.#startHost(persistentPeers)
    }
    const [multiaddr] = this.#host.multiaddrs
    assert(multiaddr !== undefined, 'a host without an address')
    this.#multiaddr = multiaddr
    this.#listen = multiaddr.slice(0, multiaddr.lastIndexOf('/p2p/'))
  }

  #startHost(persistentPeers: readonly string[]): Promise<P2pNode> {
    const { genesis, identity, key, agent } = this.#options
    return P2pNode.start({
      genesisHash: genesisEntry(genesis).block.hash,
      identity,
      listen: [this.#listen],
      persistentPeers,
      maxPeers: MAX_DEVNET_PEERS,
      maxPeersPerAddress: MAX_DEVNET_PEERS,
      networkDelayMs: genesis.params.networkDelayMs,
      agent,
      bls,
      ...(key === undefined ? {} : { claim: claimOf(key) }),
    })
  }

  /** Nothing when it is not on the network. */
  async setBlocked(peers: readonly PeerId[]): Promise<void> {
    await this.#host?.setBlocked(peers)
  }

  /** Dials now; whoever does not answer is dialled again later anyway. */
  async dial(multiaddrs: readonly string[]): Promise<void> {
    const host = this.#host
    if (host !== undefined) await Promise.allSettled(multiaddrs.map((multiaddr) => host.connect(multiaddr)))
  }

  /** Opens store and chain; `start` begins to take part. @throws QuernError `StoreErrorCode`, `ChainStoreErrorCode` */
  async open(): Promise<ChainNode> {
    const { genesis, key, clock, signatures, proofs, directory, onFailure } = this.#options
    const host = this.#host
    assert(host !== undefined, 'a node opens after its place on the network')
    fs.mkdirSync(path.dirname(directory), { recursive: true })
    const store = await LevelStore.open(directory)
    this.#store = store
    const node = await ChainNode.open({
      genesis,
      ...(key === undefined ? {} : { key, reporter: key.account }),
      store,
      clock,
      network: host,
      transport: host.transport,
      signatures,
      proofs,
      kernel: loadTileKernel(),
      onFailure: (error) => {
        // After a kill its disk is gone, as it should be.
        if (this.#node === node) onFailure(error)
      },
    })
    this.#node = node
    return node
  }

  start(mempool?: MempoolSnapshot): void {
    if (mempool !== undefined) this.#node?.restoreMempool(mempool)
    this.#node?.start()
  }

  /** Closes chain and store in good order; the place on the network stays. */
  async close(): Promise<void> {
    const [node, store] = [this.#node, this.#store]
    await node?.stop()
    this.#node = undefined
    this.#store = undefined
    await store?.close()
  }

  /** Disk and sockets go while the node is at work: what it was about to write or to send is lost. */
  async kill(): Promise<void> {
    const [host, store, node] = [this.#host, this.#store, this.#node]
    this.#host = undefined
    this.#store = undefined
    this.#node = undefined
    await Promise.all([host?.stop(), store?.close()])
    await node?.stop()
  }

  async stop(): Promise<void> {
    await this.close()
    const host = this.#host
    this.#host = undefined
    await host?.stop()
  }
}
