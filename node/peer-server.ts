/** Answers to other nodes' requests. Every answer is bounded, whatever is asked. */

import { blockSize } from '../consensus/block.ts'
import type { BlockTree } from '../consensus/chain/block-tree.ts'
import type { Block, Certificate } from '../consensus/types.ts'
import type { Hash } from '../core/bytes.ts'
import type { FinalBlock, PeerRequest, PeerResponse } from '../p2p/transport.ts'
import { MAX_ANSWER_CERTIFICATES, MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../p2p/wire.ts'
import type { ChainStore } from './storage/chain-store.ts'
import type { Journal } from './storage/journal.ts'
import type { ChainEntry } from './validator/entry.ts'

/** What consensus holds above the last final block. */
export interface OpenViews {
  /** Of the engine's epoch, and of the head. */
  certificatesFrom(epoch: number, fromView: number): readonly Certificate[]
  /** Proposed or certified, and perhaps not executed yet. */
  block(hash: Hash): Block | undefined
}

export class PeerServer {
  readonly #store: ChainStore
  readonly #tree: BlockTree<ChainEntry>
  readonly #genesisHash: Hash
  readonly #journal: Pick<Journal, 'block'>
  readonly #open: OpenViews

  constructor(
    store: ChainStore,
    tree: BlockTree<ChainEntry>,
    journal: Pick<Journal, 'block'>,
    genesisHash: Hash,
    open: OpenViews,
  ) {
    this.#store = store
    this.#tree = tree
    this.#journal = journal
    this.#genesisHash = genesisHash
    this.#open = open
  }

  async answer(request: PeerRequest): Promise<PeerResponse> {
    switch (request.type) {
      case 'status': {
        const { hash, header } = this.#store.head
        return { type: 'status', status: { genesisHash: this.#genesisHash, height: header.height, hash } }
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

  #range(fromHeight: number, count: number): FinalBlock[] {
    const blocks: FinalBlock[] = []
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
