/** Peers that serve one made chain, honestly or not, and all that a joining node is given, for tests. */
import { bls } from '../../core/bls.ts'
import { hexKey } from '../../core/bytes.ts'
import { ok, QuernError } from '../../core/errors.ts'
import { MemoryStore } from '../../core/kv.ts'
import type { PeerId, PeerRequest, PeerResponse, ResponseTo } from '../../p2p/transport.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../p2p/wire.ts'
import type { ChunkRequest, StateChunk } from '../../p2p/wire-snapshot.ts'
import type { ChainParams } from '../../vm/params.ts'
import { decodeOptions, decodeTransaction } from '../../vm/transaction/envelope.ts'
import { type Clock, SystemClock } from '../clock.ts'
import { LightServer } from '../light/light-server.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { readChunk, readReceipts } from '../storage/snapshot-read.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { MADE_PARAMS } from '../testing/chain-plan.ts'
import type { SnapshotModules } from './snapshot-sync.ts'

/** So small that a made chain of some hundred records takes dozens of answers. */
const CHUNK_BYTES = 1_500

export type Answer = (request: PeerRequest) => Promise<PeerResponse | undefined>

/** A memory store sorts all its keys for every answer; the same are asked for again and again. */
const chunks = new Map<string, StateChunk>()

async function chunkOf(chain: ChainStore, { height, position }: ChunkRequest, bytes: number): Promise<StateChunk> {
  const id = `${hexKey(chain.head.hash)} ${height} ${hexKey(position)} ${bytes}`
  const known = chunks.get(id) ?? (await readChunk(chain, height, position, bytes))
  chunks.set(id, known)
  return known
}

export const honest =
  (chain: ChainStore, chunkBytes = CHUNK_BYTES): Answer =>
  async (request) => {
    switch (request.type) {
      case 'chunk':
        return { type: 'chunk', chunk: await chunkOf(chain, request, chunkBytes) }
      case 'receipts':
        return { type: 'receipts', blocks: readReceipts(chain, request.fromHeight, request.count) }
      case 'range': {
        const heights = Array.from({ length: request.count }, (_, i) => request.fromHeight + i)
        const blocks = heights.flatMap((height) => {
          const block = height < chain.held.blocksFrom ? undefined : chain.blockAt(height)?.block
          if (block === undefined) return []
          return [{ block, notarization: chain.notarization(height), finalization: chain.finalization(height) }]
        })
        return { type: 'range', blocks }
      }
      case 'edges':
        return new LightServer(chain, { ...MADE_PARAMS, epochBlocks: 8 }).answer(request)
      default:
        throw new Error(`nobody asks for ${request.type} here`)
    }
  }

/** Answers cross as bytes. A peer that answers nothing is silent; one that throws is gone. */
export class FixturePeers {
  readonly blamed: { readonly peer: PeerId; readonly code: string }[] = []
  readonly asked = new Map<PeerId, number>()
  readonly #answers: Map<PeerId, Answer>
  /** Blame ends a connection, as it does on a network. */
  readonly #fatal = new Set([
    'CHUNK_INVALID',
    'CERTIFICATE_INVALID',
    'RECEIPTS_INVALID',
    'BLOCK_BODY',
    'BLOCK_PARENT',
    'PEER_ANSWER_INVALID',
  ])

  constructor(answers: Readonly<Record<PeerId, Answer>>) {
    this.#answers = new Map(Object.entries(answers))
  }

  peers = (): readonly PeerId[] => [...this.#answers.keys()]

  blame = (peer: PeerId, code: string): void => {
    this.blamed.push({ peer, code })
    if (this.#fatal.has(code)) this.#answers.delete(peer)
  }

  request = async <Request extends PeerRequest>(peer: PeerId, request: Request): Promise<ResponseTo<Request>> => {
    this.asked.set(peer, (this.asked.get(peer) ?? 0) + 1)
    await new Promise((resolve) => setImmediate(resolve))
    const answer = await this.#answers.get(peer)?.(decodeRequest(encodeRequest(request)))
    if (answer === undefined) throw new QuernError('PEER_TIMEOUT', 'the peer did not answer; ask another', { peer })
    return decodeResponse(encodeResponse(answer)) as ResponseTo<Request>
  }
}

/** Three epochs and the beginning of a fourth, of eight blocks each. */
export const BLOCKS = 29

export const madeChain = async (blocks = BLOCKS, changes: Partial<ChainParams> = {}): Promise<ChainMaker> => {
  const maker = await ChainMaker.open(new MemoryStore(), {
    users: 60,
    params: { ...MADE_PARAMS, epochBlocks: 8, seedWindowBlocks: 4, unbondingEpochs: 3, ...changes },
  })
  await maker.run(blocks)
  return maker
}

/**
 * Some time passes whenever it is looked at, and a wait for the next look at once, so that a peer's long silence costs nothing;
 * a wait for an answer is real.
 */
export function hastyClock(): Clock {
  const real = new SystemClock()
  let nowMs = 0
  return {
    nowMs: () => {
      nowMs += 20
      return nowMs
    },
    after: (delayMs, callback) => {
      if (delayMs > 10_000) return real.after(delayMs, callback)
      const timer = setImmediate(() => {
        nowMs += delayMs
        callback()
      })
      return () => clearImmediate(timer)
    },
    advance: () => 0,
  }
}

export const joining = (maker: ChainMaker, peers: FixturePeers, height = 24): Omit<SnapshotModules, 'kv'> => ({
  genesisHash: maker.chain.blockAt(0)!.block.hash,
  transport: peers,
  clock: hastyClock(),
  bls,
  signatures: {
    recoverBlock: async (raws) => {
      const { params } = maker.plan
      return raws.map((raw) => ok(decodeTransaction(raw, params.chainId, decodeOptions(params))))
    },
  },
  trusted: async () => maker.chain.blockAt(height)!.block,
  paceMs: 0,
})
