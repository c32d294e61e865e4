/** Answers to other nodes' requests. Every answer is bounded, whatever is asked. */

import { blockSize } from '../consensus/block.ts'
import type { BlockTree } from '../consensus/chain/block-tree.ts'
import type { Block, Certificate } from '../consensus/types.ts'
import type { Hash } from '../core/bytes.ts'
import type { FinalBlock, PeerRequest, PeerResponse } from '../p2p/transport.ts'
import { MAX_ANSWER_CERTIFICATES, MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../p2p/wire.ts'
import type { LightServer } from './light/light-server.ts'
import type { ChainStore } from './storage/chain-store.ts'
import type { Journal } from './storage/journal.ts'
import { readChunk, readReceipts } from './storage/snapshot-read.ts'
import type { ChainEntry } from './validator/entry.ts'

/** What consensus holds above the last final block. */
export interface OpenViews {
  /** Of the engine's epoch, and of the head. */
  certificatesFrom(epoch: number, fromView: number): readonly Certificate[]
  /** Proposed or certified, and perhaps not executed yet. */
  block(hash: Hash): Block | undefined
}

/** By name, so that a new kind of request is not forgotten. */
const SERVED: Readonly<Record<PeerRequest['type'], true>> = {
  status: true,
  block: true,
  range: true,
  certificates: true,
  chunk: true,
  receipts: true,
  edges: true,
  headers: true,
  state: true,
  result: true,
}

export const SERVED_REQUESTS = Object.keys(SERVED) as PeerRequest['type'][]

export class PeerServer {
  readonly #store: ChainStore
  readonly #tree: BlockTree<ChainEntry>
  readonly #genesisHash: Hash
  readonly #journal: Pick<Journal, 'block'>
  readonly #open: OpenViews
  readonly #light: LightServer

  constructor(
    store: ChainStore,
    tree: BlockTree<ChainEntry>,
    journal: Pick<Journal, 'block'>,
    genesisHash: Hash,
    open: OpenViews,
    light: LightServer,
  ) {
    this.#store = store
    this.#tree = tree
    this.#journal = journal
    this.#genesisHash = genesisHash
    this.#open = open
    this.#light = light
  }

  async answer(request: PeerRequest): Promise<PeerResponse> {
    switch (request.type) {
      case 'status': {
        const { hash, header } = this.#store.head
        const { height } = header
        return { type: 'status', status: { genesisHash: this.#genesisHash, height, hash, ...this.#store.held } }
      }
      case 'block':
        return { type: 'block', block: this.#block(request.hash) }
      case 'range':
        return { type: 'range', blocks: this.#range(request.fromHeight, request.count) }
      case 'certificates': {
        const { epoch, fromView, toView } = request
        const known = this.#open.certificatesFrom(epoch, fromView)
        // The newest finalization may lie beyond what was asked for, and saves asking for the rest.
        const wanted = known.filter(({ kind, view }) => view <= toView || kind === 'finalize')
        return { type: 'certificates', certificates: wanted.slice(0, MAX_ANSWER_CERTIFICATES) }
      }
      case 'chunk':
        return { type: 'chunk', chunk: await readChunk(this.#store, request.height, request.position) }
      case 'receipts':
        return { type: 'receipts', blocks: readReceipts(this.#store, request.fromHeight, request.count) }
      case 'edges':
      case 'headers':
      case 'state':
      case 'result':
        return this.#light.answer(request)
    }
  }

  /** Look-ups in memory, and two on disk at most. */
  #block(hash: Hash): Block | undefined {
    const open = this.#tree.get(hash)?.block ?? this.#open.block(hash)
    if (open !== undefined) return open
    const height = this.#store.heightOf(hash)
    if (height !== undefined) return this.#store.blockAt(height)?.block
    // After a restart the blocks we voted for are on disk before they are executed again; whoever misses one may wait
    // for ours.
    return this.#journal.block(hash)
  }

  /** Empty where the first of them is pruned: what follows would be of no use to who lacks it. */
  #range(fromHeight: number, count: number): FinalBlock[] {
    const blocks: FinalBlock[] = []
    if (fromHeight < this.#store.held.blocksFrom) return blocks
    let bytes = 0
    for (let height = fromHeight; blocks.length < Math.min(count, MAX_RANGE_BLOCKS); height++) {
      const block = this.#store.blockAt(height)?.block
      if (block === undefined || bytes > RANGE_TARGET_BYTES) break
      bytes += blockSize(block)
      blocks.push({
        block,
        notarization: this.#store.notarization(height),
        finalization: this.#store.finalization(height),
      })
    }
    return blocks
  }
}
