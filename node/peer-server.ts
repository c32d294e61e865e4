/** Answers to other nodes' requests. Every answer is bounded, whatever is asked. */

import { blockSize } from '../consensus/block.ts'
import type { BlockTree } from '../consensus/chain/block-tree.ts'
import type { Certificate } from '../consensus/types.ts'
import type { Hash } from '../core/bytes.ts'
import type { FinalBlock, PeerRequest, PeerResponse } from '../p2p/transport.ts'
import { MAX_ANSWER_CERTIFICATES, MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../p2p/wire.ts'
import type { ChainStore } from './storage/chain-store.ts'
import type { ChainEntry } from './validator/entry.ts'

export interface CertificateSource {
  /** Of the engine's epoch, and of the head. */
  certificatesFrom(epoch: number, fromView: number): readonly Certificate[]
}

export class PeerServer {
  readonly #store: ChainStore
  readonly #tree: BlockTree<ChainEntry>
  readonly #genesisHash: Hash
  readonly #certificates: CertificateSource

  constructor(store: ChainStore, tree: BlockTree<ChainEntry>, genesisHash: Hash, certificates: CertificateSource) {
    this.#store = store
    this.#tree = tree
    this.#genesisHash = genesisHash
    this.#certificates = certificates
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
        const known = this.#certificates.certificatesFrom(epoch, fromView)
        // The newest finalization may lie beyond what was asked for, and saves asking for the rest.
        const wanted = known.filter(({ kind, view }) => view <= toView || kind === 'finalize')
        return { type: 'certificates', certificates: wanted.slice(0, MAX_ANSWER_CERTIFICATES) }
      }
    }
  }

  #block(hash: Hash) {
    const open = this.#tree.get(hash)
    if (open !== undefined) return open.block
    const height = this.#store.heightOf(hash)
    return height === undefined ? undefined : this.#store.blockAt(height)?.block
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
