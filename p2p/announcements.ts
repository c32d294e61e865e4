/**
 * Proposals that are announced instead of sent: who announces is asked for the block, and what comes of it is delivered like
 * a proposal that came whole. Only what a validator of the set signed has anybody fetch anything.
 */
import type { Block, Proposal } from '../consensus/types.ts'
import type { BlsScheme } from '../core/bls.ts'
import { type Address, type Hash, hexKey } from '../core/bytes.ts'
import { statementBytes } from '../vm/statement.ts'
import type { Announcement } from './envelope.ts'
import type { PeerTable } from './peer-table.ts'
import type { PeerId, Verdict } from './transport.ts'

/** Blocks being fetched at the same time, 2 MiB each; others come by consensus' own asking. */
const MAX_FETCHES = 8
/** Of these, of one author, who may sign any number of blocks that nobody has: its own of two views. */
const MAX_FETCHES_OF_AUTHOR = 2
/** Asked for the block beside who announced it, who may be the first to tell and have nothing. */
const MAX_OTHER_SOURCES = 2
/** Blocks kept for whoever heard of them from us, at most 2 MiB each. */
const MAX_RECENT_BLOCKS = 8
/** Proposals remembered, so that nobody has an old one fetched again. */
const MAX_ACCEPTED = 512
/** Proposals that a stream is expected to bring: the views that the engine looks ahead, and room. */
const MAX_AWAITED = 16
/** How long, in D: the largest block on a slow line. */
const AWAIT_DELAYS = 4

export interface AnnouncementsOptions {
  readonly genesisHash: Hash
  readonly networkDelayMs: number
  readonly bls: Pick<BlsScheme, 'verify'>
  readonly table: PeerTable
  /** The validator that this node is, if any. */
  readonly ownAddress: Address | undefined
  /** From the first of them that has it. */
  fetchBlock(from: readonly PeerId[], hash: Hash): Promise<{ readonly block: Block; readonly from: PeerId } | undefined>
  /** To the chain; what it accepts comes back by `accepted`. */
  deliver(from: PeerId, proposal: Proposal): Promise<Verdict>
  penalize(peer: PeerId, code: string): void
}

/** One proposal, whichever way it came: its author signs the hash of the block, which leaves the body open. */
export const proposalKey = (epoch: number, view: number, blockHash: Hash, signature: Uint8Array): string =>
  `${epoch}/${view}/${hexKey(blockHash)}/${hexKey(signature)}`

export class Announcements {
  readonly #options: AnnouncementsOptions
  /** Accepted: the last blocks by hash, and keys of their proposals. */
  readonly #recent = new Map<string, Block>()
  readonly #accepted = new Set<string>()
  /** Who waits for a proposal that a stream is to bring. */
  readonly #awaited = new Map<string, readonly (() => void)[]>()
  /** Fetches under way, by author. */
  readonly #fetching = new Map<string, number>()

  constructor(options: AnnouncementsOptions) {
    this.#options = options
  }

  clear(): void {
    this.#recent.clear()
    this.#accepted.clear()
  }

  /** The chain found this proposal good, or made it. */
  accepted({ epoch, view, block, signature }: Proposal): void {
    const key = proposalKey(epoch, view, block.hash, signature)
    this.#accepted.add(key)
    forgetOldest(this.#accepted, MAX_ACCEPTED)
    this.#recent.set(hexKey(block.hash), block)
    forgetOldest(this.#recent, MAX_RECENT_BLOCKS)
    for (const tell of this.#awaited.get(key) ?? []) tell()
    this.#awaited.delete(key)
  }

  /** For whoever heard of it from us: the chain may not have it in its tree yet. */
  recentBlock(hash: Hash): Block | undefined {
    return this.#recent.get(hexKey(hash))
  }

  /** Accept: the block is here, and the chain finds the proposal good. */
  async judge(from: PeerId, announcement: Announcement): Promise<Verdict> {
    const { epoch, view, blockHash, author, signature } = announcement
    const { table, bls, genesisHash, ownAddress, penalize } = this.#options
    const validator = table.validator(author)
    // Ignore: the set may have changed for one of us already.
    if (validator === undefined) return 'ignore'
    // Reject: nobody passes on what its author did not sign.
    if (
      !bls.verify(validator.blsPublicKey, statementBytes('proposal', genesisHash, epoch, view, blockHash), signature)
    ) {
      penalize(from, 'PROPOSAL_SIGNATURE')
      return { reject: 'PROPOSAL_SIGNATURE' }
    }
    const key = proposalKey(epoch, view, blockHash, signature)
    const isOnItsWay = table.peerOf(author) !== undefined && ownAddress !== undefined && table.isValidator(ownAddress)
    if (!this.#accepted.has(key) && isOnItsWay) await this.#arrival(key)
    return this.#accepted.has(key) ? 'accept' : this.#fetch(from, announcement)
  }

  /** Resolves when the proposal has been accepted, or after some D. */
  async #arrival(key: string): Promise<void> {
    if (this.#awaited.size >= MAX_AWAITED && !this.#awaited.has(key)) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#awaited.delete(key)
        resolve()
      }, AWAIT_DELAYS * this.#options.networkDelayMs)
      timer.unref()
      const tell = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#awaited.set(key, [...(this.#awaited.get(key) ?? []), tell])
    })
  }

  async #fetch(from: PeerId, { epoch, view, blockHash, author, signature }: Announcement): Promise<Verdict> {
    const { table, deliver, fetchBlock } = this.#options
    const authorKey = hexKey(author)
    const ofAuthor = this.#fetching.get(authorKey) ?? 0
    const inAll = [...this.#fetching.values()].reduce((sum, count) => sum + count, 0)
    // Busy. Whoever needs the block asks for it by hash.
    if (inAll >= MAX_FETCHES || ofAuthor >= MAX_FETCHES_OF_AUTHOR) return 'later'
    const authorPeer = table.peerOf(author)
    const others = table.ids().filter((peer) => peer !== from && peer !== authorPeer)
    const sources = [from, ...(authorPeer === undefined || authorPeer === from ? [] : [authorPeer])]
    this.#fetching.set(authorKey, ofAuthor + 1)
    try {
      const fetched = await fetchBlock([...sources, ...others.slice(0, MAX_OTHER_SOURCES)], blockHash)
      if (fetched === undefined) return 'later'
      const verdict = await deliver(fetched.from, { epoch, view, block: fetched.block, signature })
      // What was served is the fault of who served it; the announcement may be right.
      return typeof verdict === 'object' && fetched.from !== from ? 'ignore' : verdict
    } finally {
      const left = (this.#fetching.get(authorKey) ?? 1) - 1
      if (left > 0) this.#fetching.set(authorKey, left)
      else this.#fetching.delete(authorKey)
    }
  }
}

function forgetOldest(kept: Map<string, unknown> | Set<string>, max: number): void {
  const [oldest] = kept.keys()
  if (kept.size > max && oldest !== undefined) kept.delete(oldest)
}
