/** Answers to nodes that trust headers and proofs alone. Every answer is bounded, whatever is asked. */
import { blockHeader } from '../../consensus/block.ts'
import type { HeaderLine, ResultProof, StateProof } from '../../consensus/light/answers.ts'
import type { EpochEdge } from '../../consensus/light/edges.ts'
import { compareBytes, equalBytes, type Hash } from '../../core/bytes.ts'
import { keccak256 } from '../../core/hash.ts'
import { leafHash, merklePath } from '../../core/merkle.ts'
import {
  LIGHT_TARGET_BYTES,
  type LightRequest,
  type LightResponse,
  MAX_EDGES,
  MAX_HEADERS,
  MAX_STATE_KEYS,
  type ResultRef,
} from '../../p2p/wire-light.ts'
import { computeProof } from '../../vm/compute-root.ts'
import type { ChainParams } from '../../vm/params.ts'
import { decodeEnvelope, decodeOptions } from '../../vm/transaction/envelope.ts'
import type { ComputeResult } from '../../vm/transaction/types.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { KEY } from '../storage/layout.ts'
import { readEdge } from './edge-store.ts'

export class LightServer {
  readonly #store: ChainStore
  readonly #params: ChainParams

  constructor(store: ChainStore, params: ChainParams) {
    this.#store = store
    this.#params = params
  }

  async answer(request: LightRequest): Promise<LightResponse> {
    switch (request.type) {
      case 'edges':
        return { type: 'edges', edges: await this.#edges(request.fromEpoch, request.count) }
      case 'headers':
        return { type: 'headers', headers: this.#headers(request.fromHeight, request.count) }
      case 'state':
        return { type: 'state', state: await this.#state(request.height, request.keys) }
      case 'result':
        return { type: 'result', result: this.#result(request.of) }
    }
  }

  async #edges(fromEpoch: number, count: number): Promise<EpochEdge[]> {
    const edges: EpochEdge[] = []
    let bytes = 0
    for (let epoch = fromEpoch; edges.length < Math.min(count, MAX_EDGES) && bytes < LIGHT_TARGET_BYTES; epoch++) {
      const edge = await readEdge(this.#store, epoch, this.#params.epochBlocks)
      if (edge === undefined) break
      bytes += edge.set.length + edge.proof.length + 2_048
      edges.push(edge)
    }
    return edges
  }

  #headers(fromHeight: number, count: number): HeaderLine[] {
    const { head, held, kv } = this.#store
    const lines: HeaderLine[] = []
    const end = Math.min(fromHeight + Math.min(count, MAX_HEADERS), head.header.height + 1)
    for (let height = Math.max(fromHeight, held.blocksFrom); height < end; height++) {
      const bytes = kv.get(KEY.block(height))
      if (bytes === undefined || height !== fromHeight + lines.length) break
      lines.push({ header: blockHeader(bytes), finalization: this.#store.finalization(height) })
    }
    return lines
  }

  async #state(height: number, keys: readonly Hash[]): Promise<StateProof | undefined> {
    const { head, held } = this.#store
    const isHeld = height >= held.statesFrom && height <= head.header.height
    const isAscending = keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0)
    if (!isHeld || !isAscending || keys.length > MAX_STATE_KEYS) return undefined
    const release = this.#store.lease(height)
    try {
      const state = this.#store.stateAt(height)
      const proof = await this.#store.stateProof(height, keys)
      if (state === undefined || proof === undefined) return undefined
      const values = keys.map((key) => state.get(key))
      const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), proof.length)
      return bytes > LIGHT_TARGET_BYTES ? undefined : { values, proof }
    } finally {
      release()
    }
  }

  #result(of: ResultRef): ResultProof | undefined {
    const place = 'transaction' in of ? this.#store.transactionPlace(of.transaction) : undefined
    const height = 'transaction' in of ? place?.height : of.height
    const { head, held } = this.#store
    if (height === undefined || height < held.blocksFrom || height > head.header.height) return undefined
    const stored = this.#store.blockAt(height)
    if (stored === undefined || stored.block.header.resultCount === 0) return undefined
    const { transactions } = stored.block
    const results: ComputeResult[] = []
    const places: number[] = []
    transactions.forEach((envelope, index) => {
      if (stored.receipts[index]?.status !== 1) return
      const { action } = decodeEnvelope(envelope, this.#params.chainId, decodeOptions(this.#params))
      if (action.kind !== 'SUBMIT_RESULT') return
      results.push(action.result)
      places.push(index)
    })
    const resultIndex = 'transaction' in of ? places.indexOf(place?.index ?? -1) : of.index
    const index = places[resultIndex]
    const envelope = index === undefined ? undefined : transactions[index]
    if (index === undefined || envelope === undefined) return undefined
    // Transactions are found by the hash of what was sent; a look-up table may outlive what it points to.
    if ('transaction' in of && !equalBytes(keccak256(envelope), of.transaction)) return undefined
    const { path: resultPath } = computeProof(results, resultIndex)
    const path = merklePath(transactions.map(leafHash), index)
    return { height, envelope, index, count: transactions.length, path, resultIndex, resultPath }
  }
}
