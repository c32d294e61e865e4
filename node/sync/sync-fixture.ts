/** A chain that was made without a network, peers that hand it out well or badly, and a node that follows them. */
import { HEADER_VERSION } from '../../consensus/header.ts'
import { FAST_PARAMS, TestChain, testGenesis, withHeader } from '../../consensus/testing/chain.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { MemoryStore } from '../../core/kv.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { MemoryHub } from '../../p2p/memory.ts'
import type { FinalBlock, PeerId, PeerRequest, PeerResponse } from '../../p2p/transport.ts'
import { ChainNode, type ChainNodeOptions } from '../chain-node.ts'
import { SystemClock } from '../clock.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'

/** Epochs of which a peer's window holds two, so that a window reaches into sets that are not known yet. */
export const SYNC_PARAMS = { ...FAST_PARAMS, epochBlocks: 32, seedWindowBlocks: 8 }

export const SYNC_VALIDATORS = 4

export interface MadeChain {
  readonly scheme: BlsScheme
  readonly genesisHash: Uint8Array
  /** Of height 1 and up. */
  readonly blocks: readonly FinalBlock[]
  /** The next block, of a version that nobody knows; final, or with one vote for it. */
  newer(isFinal: boolean): FinalBlock
}

export function makeChain(blocks: number): MadeChain {
  const scheme = standInScheme()
  const chain = new TestChain(SYNC_VALIDATORS, SYNC_PARAMS, scheme)
  const served: FinalBlock[] = []
  for (let i = 0; i < blocks; i++) {
    const { block } = chain.next([chain.transfer(5, 6)])
    served.push({ block, notarization: chain.certificate, finalization: chain.certify('finalize', block) })
  }
  const newer = (isFinal: boolean): FinalBlock => {
    const block = withHeader(chain.build().block, { version: HEADER_VERSION + 1 })
    const by = isFinal ? SYNC_VALIDATORS : 1
    return {
      block,
      notarization: chain.certify('notarize', block, by),
      finalization: chain.certify('finalize', block, by),
    }
  }
  return { newer, scheme, genesisHash: chain.rules.genesisHash, blocks: served }
}

export type Range = Extract<PeerRequest, { readonly type: 'range' }>
/** What a peer sends in place of the right blocks; it may also never answer. */
export type Behaviour = (right: readonly FinalBlock[], asked: Range) => readonly FinalBlock[] | Promise<FinalBlock[]>

export interface Blame {
  readonly peer: PeerId
  readonly code: string
}

export class SyncScene {
  readonly chain: MadeChain
  readonly hub = new MemoryHub()
  readonly blamed: Blame[] = []
  /** By peer, in order. */
  readonly asked = new Map<PeerId, Range[]>()
  readonly failures: unknown[] = []
  readonly #signatures: SignaturePool
  #node: ChainNode | undefined

  constructor(chain: MadeChain) {
    this.chain = chain
    const { chainId } = SYNC_PARAMS
    this.#signatures = new SignaturePool({ chainId, decode: { devKinds: false }, workers: 0 })
  }

  addPeer(
    name: PeerId,
    behave: Behaviour = (right) => right,
    said: { readonly height?: number; readonly blocksFrom?: number } = {},
  ): void {
    const { genesisHash, blocks } = this.chain
    const height = said.height ?? blocks.length
    const held = { blocksFrom: said.blocksFrom ?? 0, statesFrom: 0 }
    this.asked.set(name, [])
    this.hub.connect(name).start({
      message: () => 'ignore',
      request: async (_, request): Promise<PeerResponse> => {
        if (request.type === 'status') {
          return { type: 'status', status: { genesisHash, height, hash: blocks.at(-1)!.block.hash, ...held } }
        }
        if (request.type !== 'range') throw new Error('not served')
        this.asked.get(name)!.push(request)
        const right = blocks.slice(request.fromHeight - 1, request.fromHeight - 1 + request.count)
        return { type: 'range', blocks: await behave(right, request) }
      },
    })
  }

  async follow(options: Partial<ChainNodeOptions> = {}): Promise<ChainNode> {
    const transport = this.hub.connect('follower')
    transport.blame = (peer, code) => void this.blamed.push({ peer, code })
    const node = await ChainNode.open({
      genesis: testGenesis(SYNC_VALIDATORS, SYNC_PARAMS, this.chain.scheme),
      bls: this.chain.scheme,
      store: new MemoryStore(),
      clock: new SystemClock(),
      transport,
      signatures: this.#signatures,
      onFailure: (error) => this.failures.push(error),
      ...options,
    })
    this.#node = node
    node.start()
    return node
  }

  /** Until the node is at this height and asks nobody any more, or failed. */
  async until(isMet: () => boolean): Promise<void> {
    const deadline = Date.now() + 15_000
    while (!isMet() && this.failures.length === 0) {
      if (Date.now() > deadline) throw new Error(`not there in time: at ${this.#node?.finalized().height}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    await this.#signatures.close()
  }
}
