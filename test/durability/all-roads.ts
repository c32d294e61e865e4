/**
 * One chain, and every road to it: from genesis by blocks of several peers, by a snapshot of the newest epoch, by an archive,
 * and by executing again what archive and store hold. A road to a store begins with an empty one and the genesis.
 */
import path from 'node:path'
import { blockContext } from '../../consensus/context.ts'
import type { Checkpoint } from '../../consensus/light/trust.ts'
import { bls } from '../../core/bls.ts'
import { type Hash, toHex } from '../../core/bytes.ts'
import { assert, messageOf } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import { loadTileKernel } from '../../gpu/wasm/kernel.ts'
import { ArchiveReader } from '../../node/archive/archive-reader.ts'
import { exportArchive } from '../../node/archive/export.ts'
import { importArchive } from '../../node/archive/import.ts'
import { ChainNode } from '../../node/chain-node.ts'
import { SystemClock } from '../../node/clock.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { SignaturePool } from '../../node/ingest/signature-pool.ts'
import { FixtureSource } from '../../node/light/fixture.ts'
import { LightClient } from '../../node/light/light-client.ts'
import { resolveTrust } from '../../node/light/trust.ts'
import { replay } from '../../node/replay/replay.ts'
import { openReplaySource, type ReplaySource } from '../../node/replay/source.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { joinBySnapshot } from '../../node/sync/snapshot-join.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import { makerKey, VPROG_PARAMS } from '../../node/testing/chain-plan.ts'
import { MemoryHub } from '../../p2p/memory.ts'
import { type OutputRecord, outputs } from '../../vm/covenant/tables.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import { commitmentPath } from '../../vm/lanes/commit.ts'
import { commitmentOf, laneKey, laneLeaf } from '../../vm/lanes/hashing.ts'
import { proveLane } from '../../vm/lanes/pages.ts'
import { rootOfLaneProof } from '../../vm/lanes/proof.ts'
import { type LaneRecord, lanes } from '../../vm/lanes/tables.ts'
import { type Account, accounts } from '../../vm/state/tables.ts'
import { readRecord, StateView, treeKeyOf } from '../../vm/state/view.ts'
import { decodeEnvelope, decodeOptions } from '../../vm/transaction/envelope.ts'

/** So long that neither 250 blocks nor 2,000 end with an epoch: behind a snapshot there are blocks to follow. */
const EPOCH_BLOCKS = 48
const PARAMS = { ...VPROG_PARAMS, epochBlocks: EPOCH_BLOCKS, seedWindowBlocks: EPOCH_BLOCKS / 2, laneWindowBlocks: 30 }
const PEERS = ['a', 'b', 'c']
/** Within the first epoch, and not at its beginning. */
const VPROGS_FROM = 20
/** For a road of 2,000 blocks on a busy machine. */
const PATIENCE_MS = 600_000

/** Where a road ends. Hashes in hex; the root is that of the state, not what a header says of it. */
export interface End {
  readonly height: number
  readonly head: string
  readonly stateRoot: string
}

/** What a light client verified that was given a checkpoint and one store to ask. */
export interface Proof {
  readonly height: number
  readonly account: Account
  /** Of the newest result. */
  readonly resultTransaction: string
  /** Newest of those that nobody spent. */
  readonly output: OutputRecord | undefined
  /** Touched last. */
  readonly lane: LaneRecord | undefined
  /** What a proof of that lane leads to: the header's commitment. */
  readonly seqCommit: string
}

export type Road = 'sync' | 'snapshot' | 'import' | 'replay archive' | 'replay store'
/** Roads that end in a store. */
type StoreRoad = Extract<Road, 'sync' | 'snapshot' | 'import'>

export interface RoadsReport {
  readonly made: End
  readonly ends: Readonly<Record<Road, End>>
  readonly expected: Proof
  /** A message where the client verified nothing. */
  readonly proofs: Readonly<Record<StoreRoad, Proof | string>>
  /** Of the state that the snapshot gave. */
  readonly snapshotHeight: number
  /** Of making the chain, and of each road. */
  readonly seconds: Readonly<Record<string, number>>
}

const endOf = (chain: ChainStore): End => ({
  height: chain.head.header.height,
  head: toHex(chain.head.hash),
  stateRoot: toHex(chain.state.root),
})

/** @param folder empty; everything is written there */
export async function takeAllRoads(folder: string, blocks: number): Promise<RoadsReport> {
  const roads = await Roads.open(folder, blocks)
  try {
    return await roads.take()
  } finally {
    await roads.close()
  }
}

class Roads {
  readonly #folder: string
  readonly #maker: ChainMaker
  readonly #genesisHash: Hash
  readonly #hub = new MemoryHub()
  readonly #signatures = new SignaturePool({ chainId: PARAMS.chainId, decode: decodeOptions(PARAMS), workers: 0 })
  readonly #stores: LevelStore[]
  readonly #nodes = new Set<ChainNode>()
  readonly #seconds: Record<string, number> = {}
  #fail!: (error: unknown) => void
  readonly #failed = new Promise<never>((_, reject) => {
    this.#fail = reject
  })

  private constructor(folder: string, store: LevelStore, maker: ChainMaker) {
    this.#folder = folder
    this.#maker = maker
    this.#stores = [store]
    this.#genesisHash = genesisEntry(maker.genesis).block.hash
    // Seen where a road waits for it.
    this.#failed.catch(() => undefined)
  }

  static async open(folder: string, blocks: number): Promise<Roads> {
    const startedAt = performance.now()
    const store = await LevelStore.open(path.join(folder, 'made'))
    const maker = await ChainMaker.open(store, { params: PARAMS, vprogsFrom: VPROGS_FROM })
    await maker.run(blocks)
    const roads = new Roads(folder, store, maker)
    roads.#seconds.make = secondsSince(startedAt)
    return roads
  }

  async take(): Promise<RoadsReport> {
    const { chain } = this.#maker
    for (const name of PEERS) await this.#start(name, this.#stores[0]!)
    const sync = await this.#timed('sync', () => this.#sync())
    const { chain: snapshot, snapshotHeight } = await this.#timed('snapshot', () => this.#snapshot())
    const archive = await this.#timed('export', () => this.#export())
    try {
      const imported = await this.#timed('import', () => this.#import(archive))
      const { genesis } = this.#maker
      const again = async (road: Road, from: Parameters<typeof openReplaySource>[0]): Promise<End> =>
        this.#timed(road, async () => replayEnd(await openReplaySource(from, {})))
      const ends = {
        sync: endOf(sync),
        snapshot: endOf(snapshot),
        import: endOf(imported),
        'replay archive': await again('replay archive', { genesis, archive }),
        'replay store': await again('replay store', { genesis, chain }),
      }
      const proofs = {
        sync: await this.#prove(sync).catch(messageOf),
        snapshot: await this.#prove(snapshot).catch(messageOf),
        import: await this.#prove(imported).catch(messageOf),
      }
      return { made: endOf(chain), ends, expected: this.#expected(), proofs, snapshotHeight, seconds: this.#seconds }
    } finally {
      await archive.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes].map((node) => node.stop()))
    await this.#signatures.close()
    await Promise.all(this.#stores.map((store) => store.close()))
  }

  async #sync(): Promise<ChainStore> {
    const store = await this.#newStore('sync')
    return this.#follow('sync', store, (node) => node.finalized().height === this.#height)
  }

  /** The state of the newest whole epoch, the blocks behind it, and then those before it. */
  async #snapshot(): Promise<{ readonly chain: ChainStore; readonly snapshotHeight: number }> {
    const store = await this.#newStore('snapshot')
    const { genesis } = this.#maker
    let snapshotHeight = 0
    await joinBySnapshot({
      genesis,
      genesisHash: this.#genesisHash,
      store,
      transport: this.#hub.connect('snapshot'),
      clock: this.#newClock(),
      signatures: this.#signatures,
      isWanted: true,
      trustPeers: PEERS.length,
      told: ({ height }) => {
        snapshotHeight = height
      },
      paceMs: 0,
    })
    const chain = await this.#follow('snapshot', store, (node) => {
      return node.finalized().height === this.#height && node.holdings().blocksFrom === 0
    })
    return { chain, snapshotHeight }
  }

  async #export(): Promise<ArchiveReader> {
    const file = path.join(this.#folder, 'chain.era')
    const { genesis, chain } = this.#maker
    await exportArchive(genesis, chain, { from: 1, to: this.#height, file, withWrites: true })
    return ArchiveReader.open(file)
  }

  async #import(archive: ArchiveReader): Promise<ChainStore> {
    const chain = await ChainStore.open(await this.#newStore('import'), genesisEntry(this.#maker.genesis))
    await importArchive(archive, chain, { threads: 0 })
    return chain
  }

  get #height(): number {
    return this.#maker.chain.head.header.height
  }

  /** Of a machine on which the head was made just now. */
  #newClock(): SystemClock {
    const clock = new SystemClock()
    clock.restoreShift(this.#maker.chain.head.header.timestampMs - Date.now())
    return clock
  }

  async #newStore(name: string): Promise<LevelStore> {
    const store = await LevelStore.open(path.join(this.#folder, name))
    this.#stores.push(store)
    return store
  }

  async #start(name: string, store: LevelStore): Promise<ChainNode> {
    const node = await ChainNode.open({
      genesis: this.#maker.genesis,
      store,
      clock: this.#newClock(),
      transport: this.#hub.connect(name),
      signatures: this.#signatures,
      kernel: loadTileKernel(),
      backfill: true,
      onFailure: (error) => this.#fail(error),
    })
    this.#nodes.add(node)
    node.start()
    return node
  }

  /** A node on this store until it is there; then what it left on the disk. */
  async #follow(name: string, store: LevelStore, isThere: (node: ChainNode) => boolean): Promise<ChainStore> {
    const node = await this.#start(name, store)
    const deadline = performance.now() + PATIENCE_MS
    while (!isThere(node)) {
      assert(performance.now() < deadline, `${name} gets there`, { height: node.finalized().height })
      await Promise.race([this.#failed, new Promise((resolve) => setTimeout(resolve, 5))])
    }
    await node.stop()
    this.#nodes.delete(node)
    return ChainStore.open(store, genesisEntry(this.#maker.genesis))
  }

  async #timed<T>(name: string, road: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const end = await road()
    this.#seconds[name] = secondsSince(startedAt)
    return end
  }

  /** Of a block in the midst of the last but one epoch, or of the first one whose state is there. */
  #checkpoint({ held }: ChainStore): Checkpoint {
    const height = Math.max(held.statesFrom, this.#height - EPOCH_BLOCKS)
    return { height, hash: this.#maker.chain.blockAt(height)!.block.hash }
  }

  async #prove(chain: ChainStore): Promise<Proof> {
    const { genesis } = this.#maker
    const rules = { params: PARAMS, genesisHash: this.#genesisHash, bls }
    const source = new FixtureSource('the end of a road', { chain, genesis })
    const trust = { genesis, rules, checkpoint: this.#checkpoint(chain), trustPeers: 0 }
    const nowMs = (): number => this.#maker.chain.head.header.timestampMs
    const trusted = await resolveTrust({ ...trust, sources: () => [source], nowMs: nowMs() })
    const client = new LightClient({ rules, trusted, sources: () => [source], nowMs })
    await client.advance()
    const { header, value } = await client.account(makerKey('user', 1).owner)
    const result = await client.result({ transaction: this.#newest().result })
    const { output, laneId } = this.#newest()
    const [outputBytes, laneBytes] = await client.state(header, [
      treeKeyOf(outputs, output),
      treeKeyOf(lanes, laneKey(laneId)),
    ])
    return {
      height: header.height,
      account: value,
      resultTransaction: toHex(result.value.transactionHash),
      output: outputBytes && outputs.decode(outputBytes),
      lane: laneBytes && lanes.decode(laneBytes),
      seqCommit: toHex(committedTo(chain, laneKey(laneId))),
    }
  }

  #expected(): Proof {
    const account = readRecord(this.#maker.chain.state, accounts, makerKey('user', 1).owner)
    assert(account !== undefined, 'users have money')
    const { result, output, laneId } = this.#newest()
    const { state, head } = this.#maker.chain
    return {
      height: this.#height,
      account,
      resultTransaction: toHex(result),
      output: readRecord(state, outputs, output),
      lane: readRecord(state, lanes, laneKey(laneId)),
      seqCommit: toHex(head.header.seqCommit),
    }
  }

  /** The transaction that brought the newest result, the newest output that is not spent, and the lane touched last. */
  #newest(): { readonly result: Hash; readonly output: Outpoint; readonly laneId: Uint8Array } {
    const { chain } = this.#maker
    let result: Hash | undefined
    let output: Outpoint | undefined
    let laneId: Uint8Array | undefined
    for (let height = this.#height; height > 0; height--) {
      const { block, receipts, senders } = chain.blockAt(height)!
      for (const [i, raw] of block.transactions.entries()) {
        if (receipts[i]!.status !== 1) continue
        const { action, nonce } = decodeEnvelope(raw, PARAMS.chainId, decodeOptions(PARAMS))
        if (action.kind === 'SUBMIT_RESULT') result ??= keccak256(raw)
        if (action.kind !== 'LANE' && action.kind !== 'COVENANT') continue
        laneId ??= action.laneId
        const made = { txId: transactionId(kipTransaction(action, senders[i]!, nonce)), index: 0 }
        if (readRecord(chain.state, outputs, made) !== undefined) output ??= made
      }
      if (result !== undefined && output !== undefined && laneId !== undefined) return { result, output, laneId }
    }
    throw new Error('the made chain has no result, no output or no lane')
  }
}

/** Where the lane's proof out of a store leads: to the commitment of its head. */
function committedTo(chain: ChainStore, key: Hash): Hash {
  const { head } = chain
  const state = new StateView(chain.state)
  const lane = state.get(lanes, key)
  const root = rootOfLaneProof(proveLane(state, key), key, lane && laneLeaf(lane.tip, lane.lastTouch))
  assert(root !== undefined, 'a lane proof says where its lane stands')
  const parent = chain.blockAt(head.header.height - 1)!.block
  return commitmentOf(root, commitmentPath(state, blockContext(head.header, parent, head.parentCertificate), PARAMS))
}

const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10

/** Nothing that the source says of a block may differ from what comes out. */
async function replayEnd(source: ReplaySource): Promise<End> {
  let stateRoot = ''
  const { last, blocks } = await replay(source, {
    threads: 1,
    onBlock: ({ applied }) => {
      stateRoot = toHex(applied.state.root)
    },
    onDivergence: ({ height, code }) => assert(false, `the replay diverges: ${code}`, { height }),
  })
  assert(blocks === last.header.height, 'a replay from genesis executes every block')
  return { height: blocks, head: toHex(last.hash), stateRoot }
}
