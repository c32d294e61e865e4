/**
 * Asks peers for what the engine misses: first those that signed for it and therefore held it, then others. A few each time,
 * other ones each time; the engine asks again every D until it is here.
 */
import type { Block, Certificate } from '../../consensus/types.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { PeerId, Transport } from '../../p2p/transport.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'

/** Peers asked for one thing before the engine asks again. */
const PEERS_PER_FETCH = 3
/** Of these, validators that signed for it: should they have lost it, or lie, the rest is asked too. */
const HINTED_PER_FETCH = 2

export interface CertificateRange {
  readonly epoch: number
  readonly fromView: number
  readonly toView: number
}

export interface FetcherModules {
  readonly transport: Pick<Transport, 'peers' | 'peerOf' | 'request'>
  /** What hints are indexes of. */
  set(): ValidatorSet
}

export class Fetcher {
  readonly #modules: FetcherModules
  #turn = 0

  constructor(modules: FetcherModules) {
    this.#modules = modules
  }

  /** The block under this hash, from whoever had it. Its body is not checked. */
  async block(
    hash: Hash,
    hints: readonly number[],
  ): Promise<{ readonly block: Block; readonly from: PeerId } | undefined> {
    for (const from of this.#somePeers(hints)) {
      const answer = await this.#ask(() => this.#modules.transport.request(from, { type: 'block', hash }))
      if (answer?.block !== undefined && equalBytes(answer.block.hash, hash)) return { block: answer.block, from }
    }
    return undefined
  }

  /** What one peer has of these views, not verified. */
  async certificates(
    range: CertificateRange,
    hints: readonly number[],
  ): Promise<{ readonly certificates: readonly Certificate[]; readonly from: PeerId } | undefined> {
    const { epoch, fromView, toView } = range
    const request = { type: 'certificates', epoch, fromView, toView } as const
    for (const from of this.#somePeers(hints)) {
      const answer = await this.#ask(() => this.#modules.transport.request(from, request))
      if (answer !== undefined && answer.certificates.length > 0) return { certificates: answer.certificates, from }
    }
    return undefined
  }

  #somePeers(hints: readonly number[]): readonly PeerId[] {
    const { transport, set } = this.#modules
    const turn = this.#turn++
    const peers = rotated(transport.peers(), turn)
    const { members } = set()
    const named = new Set(
      hints.map((index) => members[index]).map((member) => member && transport.peerOf(member.address)),
    )
    const hinted = peers.filter((peer) => named.has(peer)).slice(0, HINTED_PER_FETCH)
    return [...hinted, ...peers.filter((peer) => !hinted.includes(peer))].slice(0, PEERS_PER_FETCH)
  }

  /** Undefined when the peer did not answer well. */
  async #ask<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request()
    } catch (error) {
      if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') return undefined
      throw error
    }
  }
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
