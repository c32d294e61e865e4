/** A made chain of some epochs, and sources that answer from it, honestly or not, for tests. */

import type { LightRules } from '../../consensus/light/trust.ts'
import { bls } from '../../core/bls.ts'
import { QuernError } from '../../core/errors.ts'
import { MemoryStore } from '../../core/kv.ts'
import type { ResponseTo } from '../../p2p/transport.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../p2p/wire.ts'
import { isLightRequest, type LightRequest, type LightResponse } from '../../p2p/wire-light.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { MADE_PARAMS } from '../testing/chain-plan.ts'
import { LightServer } from './light-server.ts'
import type { LightSource } from './source.ts'

/** Unbonding takes longer than the chain is old, so that genesis is a good beginning. */
export const LIGHT_PARAMS = { ...MADE_PARAMS, epochBlocks: 8, seedWindowBlocks: 4, unbondingEpochs: 40 }

export type Lie = (request: LightRequest, honest: LightResponse) => LightResponse | undefined

/** Whose chain a source answers from. */
type Shown = Pick<ChainMaker, 'chain' | 'genesis'>

export class FixtureSource implements LightSource {
  readonly name: string
  /** How often it was found to lie. */
  blamed = 0
  asked: LightRequest[] = []
  readonly #maker: Shown
  readonly #lie: Lie
  readonly #height: () => number

  constructor(name: string, maker: Shown, lie: Lie = (_, answer) => answer, height?: () => number) {
    this.name = name
    this.#maker = maker
    this.#lie = lie
    this.#height = height ?? (() => maker.chain.head.header.height)
  }

  height = async (): Promise<number> => this.#height()

  /** Crosses as bytes both ways. */
  async ask<Request extends LightRequest>(request: Request): Promise<ResponseTo<Request>> {
    const asked = decodeRequest(encodeRequest(request))
    if (!isLightRequest(asked)) throw new Error('no light request')
    this.asked.push(asked)
    const server = new LightServer(this.#maker.chain, this.#maker.genesis.params)
    const answer = this.#lie(asked, await server.answer(asked))
    if (answer === undefined) throw new QuernError('PEER_TIMEOUT', 'silence')
    return decodeResponse(encodeResponse(answer)) as ResponseTo<Request>
  }

  blame(): void {
    this.blamed++
  }
}

export const makeChain = (changes: Partial<Parameters<typeof ChainMaker.open>[1]> = {}): Promise<ChainMaker> =>
  ChainMaker.open(new MemoryStore(), { params: LIGHT_PARAMS, transactionsPerBlock: 3, ...changes })

/** `genesisHash` is the hash of block 0. */
export async function rulesOf(maker: ChainMaker): Promise<LightRules> {
  const genesis = maker.chain.blockAt(0)
  if (genesis === undefined) throw new Error('the made chain has no genesis')
  return { params: maker.genesis.params, genesisHash: genesis.block.hash, bls }
}
