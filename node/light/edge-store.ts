/**
 * Edges (consensus/light/edges.ts) as a chain's store keeps them. While the state after an epoch's last block is here, the
 * proof of the next set is made from it; before that state is pruned, the proof is kept in its place, so that whoever
 * joins later is led along all epochs by a node that forgot nearly all of them.
 */

import { encodeCertificate } from '../../consensus/certificate.ts'
import { encodeHeader } from '../../consensus/header.ts'
import type { EpochEdge } from '../../consensus/light/edges.ts'
import { setKeyAfter } from '../../consensus/light/trust.ts'
import type { Header } from '../../consensus/types.ts'
import { u64be } from '../../core/bytes.ts'
import type { KvOperation } from '../../core/kv.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../core/rlp.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { KEY } from '../storage/layout.ts'

interface SetProof {
  readonly set: Uint8Array
  readonly proof: Uint8Array
}

const putSet = (epoch: number, { set, proof }: SetProof): KvOperation => ({
  type: 'put',
  key: KEY.edgeSet(epoch),
  value: encodeRlp([set, proof]),
})

/** Blocks in an epoch, as the last one that ended shows; undefined while none did. */
function epochBlocksOf(store: ChainStore): number | undefined {
  const { epoch } = store.head.header
  const end = epoch === 0 ? undefined : store.epochEnd(epoch - 1)
  return end === undefined ? undefined : end / epoch
}

async function proveSet(store: ChainStore, height: number, epochBlocks: number): Promise<SetProof | undefined> {
  const key = setKeyAfter(height, { epochBlocks })
  const set = store.stateAt(height)?.get(key)
  const proof = set === undefined ? undefined : await store.stateProof(height, [key])
  return set === undefined || proof === undefined ? undefined : { set, proof }
}

/** The edge of an epoch; undefined where it has not ended yet, or this store began later. */
export async function readEdge(store: ChainStore, epoch: number, epochBlocks: number): Promise<EpochEdge | undefined> {
  const header = edgeHeader(store, epoch, epochBlocks)
  const finalization = header === undefined ? undefined : store.finalization(header.height)
  if (header === undefined || finalization === undefined) return undefined
  const kept = store.kv.get(KEY.edgeSet(epoch))
  if (kept !== undefined) {
    const [set, proof] = rlpList(decodeRlp(kept), 2)
    return { header, finalization, set: rlpBytes(set), proof: rlpBytes(proof) }
  }
  if (header.height < store.held.statesFrom) return undefined
  const proved = await proveSet(store, header.height, epochBlocks)
  return proved === undefined ? undefined : { header, finalization, ...proved }
}

/** The head may itself be an edge; `ChainStore.edgeHeader` knows of earlier ones alone. */
function edgeHeader(store: ChainStore, epoch: number, epochBlocks: number): Header | undefined {
  const { header } = store.head
  if (header.epoch !== epoch) return store.edgeHeader(epoch)
  return header.height === (epoch + 1) * epochBlocks ? header : undefined
}

/** What must be kept before the state after `height` is pruned: something only where an epoch ended there. */
export async function edgeSetOperations(store: ChainStore, height: number): Promise<KvOperation[]> {
  const epochBlocks = epochBlocksOf(store)
  if (epochBlocks === undefined || height === 0 || height % epochBlocks !== 0) return []
  const proved = await proveSet(store, height, epochBlocks)
  return proved === undefined ? [] : [putSet(height / epochBlocks - 1, proved)]
}

/** Verified edges, for a store that begins above them. */
export const edgeOperations = (edges: readonly EpochEdge[]): KvOperation[] =>
  edges.flatMap(({ header, finalization, set, proof }): KvOperation[] => [
    { type: 'put', key: KEY.epochEnd(header.epoch), value: u64be(header.height) },
    { type: 'put', key: KEY.edgeHeader(header.epoch), value: encodeRlp(encodeHeader(header)) },
    { type: 'put', key: KEY.finalization(header.height), value: encodeRlp(encodeCertificate(finalization)) },
    putSet(header.epoch, { set, proof }),
  ])
