/**
 * How a node that is behind gets final blocks from its peers: asks who is further, fetches ranges, executes every block,
 * and takes them in once a finalization stands above them. Nothing a peer says is believed before it verifies; a peer
 * that lies costs its own answer and no more.
 */

import { blockSize } from '../../consensus/block.ts'
import { verifyCertificate } from '../../consensus/certificate.ts'
import { MAX_OPEN_BLOCKS } from '../../consensus/chain/block-tree.ts'
import { epochSetup } from '../../consensus/context.ts'
import type { Certificate } from '../../consensus/types.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { FinalBlock, PeerId, Transport } from '../../p2p/transport.ts'
import { MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../../p2p/wire.ts'
import type { ChainEntry } from './entry.ts'
import type { Execution, Executor } from './executor.ts'

/** Peers asked in one attempt: enough to meet an honest one, few enough to end soon. */
const MAX_PEERS_ASKED = 8

/** Final blocks, oldest first; the certificates are the last one's. */
export interface VerifiedRange {
  readonly entries: readonly ChainEntry[]
  readonly notarization: Certificate
  readonly finalization: Certificate
}

export interface CatchUpModules {
  readonly transport: Transport
  readonly executor: Executor
  readonly bls: BlsScheme
  readonly genesisHash: Uint8Array
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

const isFull = (blocks: readonly FinalBlock[]): boolean =>
  blocks.length >= MAX_RANGE_BLOCKS ||
  blocks.reduce((bytes, { block }) => bytes + blockSize(block), 0) > RANGE_TARGET_BYTES

export class CatchUp {
  readonly #modules: CatchUpModules
  #running: Promise<void> | undefined
  #progress: Progress | undefined
  #nextPeer = 0
  #isStopped = false

  constructor(modules: CatchUpModules) {
    this.#modules = modules
  }

  /** Where we are while behind; undefined otherwise. */
  get progress(): Progress | undefined {
    return this.#progress === undefined ? undefined : { ...this.#progress, currentHeight: this.#height() }
  }

  /** One attempt; a second call while one runs joins it. `first` is asked first. */
  run(first?: PeerId): Promise<void> {
    this.#running ??= this.#attempt(first).finally(() => {
      this.#running = undefined
      this.#progress = undefined
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#isStopped = true
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
    for (const peer of peers.slice(0, MAX_PEERS_ASKED)) {
      try {
        await this.#follow(peer)
      } catch (error) {
        // Gone, slow or malformed: the next peer is asked. Anything else is our own failure.
        if (!(error instanceof QuernError) || error.code === 'ASSERTION_FAILED') throw error
      }
    }
  }

  async #follow(peer: PeerId): Promise<void> {
    const { transport, genesisHash } = this.#modules
    const { status } = await transport.request(peer, { type: 'status' })
    if (!equalBytes(status.genesisHash, genesisHash)) return transport.blame(peer, 'OTHER_CHAIN')
    let waiting: ChainEntry[] = []
    while (!this.#isStopped && status.height > this.#height() + waiting.length) {
      if (status.height > this.#height() + 1) {
        const startingHeight = this.#progress?.startingHeight ?? this.#height()
        this.#progress = { startingHeight, currentHeight: 0, highestHeight: status.height }
      }
      const fromHeight = (waiting.at(-1)?.block.header.height ?? this.#height()) + 1
      const { blocks } = await transport.request(peer, { type: 'range', fromHeight, count: MAX_RANGE_BLOCKS })
      if (blocks.length === 0) return
      const left = await this.#takeRange(peer, blocks, waiting)
      // No further than before: the peer's chain does not continue ours.
      if (left === undefined || this.#height() + left.length < fromHeight) return
      waiting = left
      // Whoever has more sends as much as one answer takes. Block by block, a peer could keep us busy and behind for ever.
      if (!isFull(blocks)) return
    }
  }

  /** Executes a range above `waiting`; returns what still waits for a finalization, or nothing when the peer is of no use. */
  async #takeRange(
    peer: PeerId,
    blocks: readonly FinalBlock[],
    waiting: readonly ChainEntry[],
  ): Promise<ChainEntry[] | undefined> {
    const { executor, transport, commit, head } = this.#modules
    let entries = [...waiting]
    for (const { block, notarization, finalization } of blocks) {
      const parent = entries.at(-1) ?? head()
      // Consensus got there first: begin again from the new head.
      if (!equalBytes(block.header.parentHash, parent.block.hash)) return []
      const execution: Execution = await executor.executeOn(block, parent)
      if (execution.verdict === 'invalid') transport.blame(peer, execution.code)
      if (execution.verdict !== 'valid' || entries.length >= MAX_OPEN_BLOCKS) return undefined
      entries.push(execution.entry)
      if (finalization === undefined) continue
      if (notarization === undefined || !this.#proves(execution.entry, notarization, finalization)) {
        transport.blame(peer, 'CERTIFICATE_INVALID')
        return undefined
      }
      if (!(await commit({ entries, notarization, finalization }))) return []
      entries = []
    }
    return entries
  }

  #proves(entry: ChainEntry, notarization: Certificate, finalization: Certificate): boolean {
    const { bls, genesisHash } = this.#modules
    const { hash, header } = entry.block
    const { set } = epochSetup(entry.state, header.epoch)
    return (
      notarization.kind === 'notarize' &&
      finalization.kind === 'finalize' &&
      equalBytes(notarization.blockHash, hash) &&
      equalBytes(finalization.blockHash, hash) &&
      verifyCertificate(notarization, set, genesisHash, bls) &&
      verifyCertificate(finalization, set, genesisHash, bls)
    )
  }

  #height(): number {
    return this.#modules.head().block.header.height
  }
}
