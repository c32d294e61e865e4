/**
 * How a node that is behind gets final blocks from its peers: asks who is further, downloads from several of them at once,
 * executes every block, and takes them in once a finalization stands above them.
 *
 *     range-download     windows of blocks from several peers, in order
 *          |                    \
 *     proven-signatures       signature pool          of the next portion, while this one is executed
 *          |                    /
 *     execution, block by block; then the store
 *
 * It promises: nothing a peer says is believed before it verifies; a peer that lies costs its own answer and no more; what
 * is in memory is bounded; it has no timers, so it runs the same under virtual time.
 */

import { verifyCertificate } from '../../consensus/certificate.ts'
import { MAX_OPEN_BLOCKS } from '../../consensus/chain/block-tree.ts'
import { epochSetup } from '../../consensus/context.ts'
import { HEADER_VERSION } from '../../consensus/header.ts'
import type { Certificate } from '../../consensus/types.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { PeerId, PeerStatus, Transport } from '../../p2p/transport.ts'
import { MAX_RANGE_BLOCKS } from '../../p2p/wire.ts'
import { epochOf } from '../../vm/params.ts'
import type { ChainEntry } from '../validator/entry.ts'
import type { Executor, Recovering } from '../validator/executor.ts'
import { blockSignatures } from './block-signatures.ts'
import type { ProvenSignatures } from './proven-signatures.ts'
import { type PortionLimit, RangeDownload, type ServedBlock, type ServedNewer } from './range-download.ts'

/** Peers asked in one attempt: enough to meet an honest one, few enough to end soon. */
const MAX_PEERS_ASKED = 8
/**
 * What is prepared while the portion before it is executed: some 60 signatures in one equation, where more would gain little,
 * and at most a full block more than so many transactions, which are some kilobytes each once decoded.
 */
const PORTION: PortionLimit = { blocks: 16, transactions: 4_096 }

/** Final blocks, oldest first; the certificates are the last one's. */
export interface VerifiedRange {
  readonly entries: readonly ChainEntry[]
  readonly notarization: Certificate
  readonly finalization: Certificate
}

export interface CatchUpModules {
  readonly transport: Transport
  /** Validates by `signatures`. */
  readonly executor: Executor
  readonly signatures: ProvenSignatures
  readonly genesisHash: Hash
  readonly epochBlocks: number
  /** The last final block here. */
  head(): ChainEntry
  /** Takes verified blocks in; false when the head moved meanwhile and they no longer extend it. */
  commit(range: VerifiedRange): Promise<boolean>
}

export interface Progress {
  readonly startingHeight: number
  readonly currentHeight: number
  readonly highestHeight: number
}

/** Blocks whose signatures are being checked, or one that cannot be read. */
type Portion =
  | { readonly blocks: readonly PreparedBlock[]; readonly proven: Promise<void>; readonly newer?: undefined }
  | { readonly newer: ServedNewer }

interface PreparedBlock extends ServedBlock {
  readonly recovering: Recovering
}

/** Executed blocks above the head, whose finalization is still to come. */
type Waiting = readonly { readonly entry: ChainEntry; readonly from: PeerId }[]

/** What became of a portion. Where nothing waits, the next block wanted is the one above the head. */
interface Step {
  readonly waiting: Waiting
  /** Who is asked for nothing more. */
  readonly wrong?: PeerId
}

const NOTHING: Waiting = []

export class CatchUp {
  readonly #modules: CatchUpModules
  #running: Promise<void> | undefined
  #download: RangeDownload | undefined
  #startingHeight: number | undefined
  #nextPeer = 0
  #isStopped = false

  constructor(modules: CatchUpModules) {
    this.#modules = modules
  }

  /** Where we are while behind; undefined otherwise. */
  get progress(): Progress | undefined {
    const startingHeight = this.#startingHeight
    const agreed = agreedHeight(this.#download?.claims ?? [])
    // One block: consensus is about to bring it as well.
    if (startingHeight === undefined || agreed === undefined || agreed <= startingHeight + 1) return undefined
    const currentHeight = this.#height()
    return { startingHeight, currentHeight, highestHeight: Math.max(currentHeight, agreed) }
  }

  /** One attempt; a second call while one runs joins it. `first` is asked first. */
  run(first?: PeerId): Promise<void> {
    this.#running ??= this.#attempt(first).finally(() => {
      this.#running = undefined
      this.#startingHeight = undefined
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#download?.close()
    await this.#running
  }

  async #attempt(first: PeerId | undefined): Promise<void> {
    const { transport } = this.#modules
    const known = transport.peers()
    // Other ones each time, so that no few of them can keep the rest from being asked.
    const start = known.length === 0 ? 0 : this.#nextPeer % known.length
    const turn = [...known.slice(start), ...known.slice(0, start)]
    // One place may be taken by `first`.
    this.#nextPeer = start + MAX_PEERS_ASKED - 1
    const peers = first !== undefined && known.includes(first) ? [first, ...turn.filter((p) => p !== first)] : turn
    // While one round takes long, the chain grows: whoever was far behind asks anew how far it is.
    let gained = MAX_RANGE_BLOCKS
    while (!this.#isStopped && gained >= MAX_RANGE_BLOCKS) gained = await this.#round(peers.slice(0, MAX_PEERS_ASKED))
  }

  /** @returns how many blocks it gained */
  async #round(peers: readonly PeerId[]): Promise<number> {
    const download = new RangeDownload(this.#modules.transport)
    this.#download = download
    try {
      for (const peer of peers) download.expect(peer, this.#statusOf(peer))
      if (!(await download.hasSource())) return 0
      const before = this.#height()
      this.#startingHeight ??= before
      await this.#follow(download)
      return this.#height() - before
    } finally {
      download.close()
      this.#download = undefined
    }
  }

  /** Nothing for a peer that is gone, on another chain, or no further than we are. */
  async #statusOf(peer: PeerId): Promise<PeerStatus | undefined> {
    const { transport, genesisHash } = this.#modules
    try {
      const { status } = await transport.request(peer, { type: 'status' })
      if (equalBytes(status.genesisHash, genesisHash)) return status.height > this.#height() ? status : undefined
      transport.blame(peer, 'OTHER_CHAIN')
    } catch (error) {
      // Anything else is our own failure.
      if (!(error instanceof QuernError) || error.code === 'ASSERTION_FAILED') throw error
    }
    return undefined
  }

  async #follow(download: RangeDownload): Promise<void> {
    let waiting = NOTHING
    let next = this.#prepare(download, this.#height() + 1)
    while (!this.#isStopped) {
      const portion = await next
      if (portion === undefined) return
      if (portion.newer !== undefined) {
        this.#refuseNewer(portion.newer)
        download.drop(portion.newer.from)
        waiting = NOTHING
        next = this.#prepare(download, this.#height() + 1)
        continue
      }
      const last = portion.blocks.at(-1)!.block.header.height
      const after = this.#prepare(download, last + 1)
      // Its failure is met above, unless it is given up for another one.
      after.catch(() => {})
      const step = await this.#take(portion, waiting)
      if (step.wrong !== undefined) download.drop(step.wrong)
      waiting = step.waiting
      const isNext = waiting.length > 0 || this.#height() === last
      next = isNext ? after : this.#prepare(download, this.#height() + 1)
      download.release(this.#height())
    }
  }

  /** Takes the next blocks and has their signatures checked. */
  async #prepare(download: RangeDownload, fromHeight: number): Promise<Portion | undefined> {
    const { executor, signatures, genesisHash, head } = this.#modules
    const served = await download.take(fromHeight, PORTION)
    if (served === undefined) return undefined
    if (served.newer !== undefined) return served
    const proven = signatures.prove(blockSignatures(served.blocks, head().state, genesisHash))
    const blocks = served.blocks.map((block) => ({ ...block, recovering: executor.recover(block.block) }))
    // Whoever waits for them hears of a failure; where the portion is given up, nobody need.
    for (const unheard of [proven, ...blocks.map(({ recovering }) => recovering)]) unheard.catch(() => {})
    return { blocks, proven }
  }

  /** Executes blocks above `waiting`, and takes in those that a finalization stands above. */
  async #take(portion: Extract<Portion, { newer?: undefined }>, before: Waiting): Promise<Step> {
    const { executor, transport, head, commit } = this.#modules
    await portion.proven
    let waiting = before
    for (const served of portion.blocks) {
      const { block, notarization, finalization, from } = served
      const { height, parentHash } = block.header
      // Consensus got there first.
      if (height <= this.#height()) {
        waiting = NOTHING
        continue
      }
      const last = waiting.at(-1)
      const parent = last?.entry ?? head()
      if (!equalBytes(parentHash, parent.block.hash)) {
        // Of two unfinished ends of the chain, nobody knows yet which is the right one: the next one is asked for both.
        if (last !== undefined) return { waiting: NOTHING, wrong: last.from }
        if (height === parent.block.header.height + 1) transport.blame(from, 'BLOCK_PARENT')
        return { waiting: NOTHING, wrong: from }
      }
      const before = this.#height()
      const execution = await executor.executeOn(block, parent, served.recovering)
      if (execution.verdict === 'invalid') transport.blame(from, execution.code)
      // Consensus moved on meanwhile, and the parent is gone: begin again from the new head.
      if (execution.verdict === 'retry' && this.#height() > before) return { waiting: NOTHING }
      if (execution.verdict !== 'valid' || waiting.length >= MAX_OPEN_BLOCKS) return { waiting: NOTHING, wrong: from }
      waiting = [...waiting, { entry: execution.entry, from }]
      // Nobody goes on from an epoch's last block before it is final itself (S9), and light nodes ask for that proof for ever.
      if (finalization === undefined && height % this.#modules.epochBlocks === 0)
        return { waiting: NOTHING, wrong: from }
      if (finalization === undefined) continue
      if (notarization === undefined || !this.#proves(execution.entry, notarization, finalization)) {
        transport.blame(from, 'CERTIFICATE_INVALID')
        return { waiting: NOTHING, wrong: from }
      }
      const isTaken = await commit({ entries: waiting.map(({ entry }) => entry), notarization, finalization })
      waiting = NOTHING
      if (!isTaken && this.#height() <= before) return { waiting, wrong: from }
    }
    return { waiting }
  }

  #proves(entry: ChainEntry, notarization: Certificate, finalization: Certificate): boolean {
    const { signatures, genesisHash } = this.#modules
    const { hash, header } = entry.block
    const { set } = epochSetup(entry.state, header.epoch)
    return (
      notarization.kind === 'notarize' &&
      finalization.kind === 'finalize' &&
      equalBytes(notarization.blockHash, hash) &&
      equalBytes(finalization.blockHash, hash) &&
      verifyCertificate(notarization, set, genesisHash, signatures) &&
      verifyCertificate(finalization, set, genesisHash, signatures)
    )
  }

  /**
   * One peer's word is none. But where this chain's validators finalised a block of another version, it went on without us.
   * @throws QuernError `UPGRADE_NEEDED`
   */
  #refuseNewer({ version, height, hash, finalization }: ServedNewer): void {
    const { head, signatures, genesisHash, epochBlocks } = this.#modules
    if (height !== this.#height() + 1) return
    const { set } = epochSetup(head().state, epochOf(height, { epochBlocks }))
    const isFinal =
      finalization?.kind === 'finalize' &&
      equalBytes(finalization.blockHash, hash) &&
      verifyCertificate(finalization, set, genesisHash, signatures)
    if (!isFinal) return
    throw new QuernError(
      'UPGRADE_NEEDED',
      `from block ${height} on, the chain is of version ${version}, and this node knows ${HEADER_VERSION}: install a newer quern and start it again; nothing here is lost`,
      { height, version, known: HEADER_VERSION },
    )
  }

  #height(): number {
    return this.#modules.head().block.header.height
  }
}

/** What two peers have, or the only one: nobody makes it look far by his word alone. `claims`: highest first. */
const agreedHeight = (claims: readonly number[]): number | undefined => claims[1] ?? claims[0]
