/**
 * Final blocks from several peers at once, in the order of the chain.
 *
 *     heights   [ asked of a ][ answered by b ][ asked of c, and of b ][ asked of b ] ...
 *                ^ what is executed next
 *
 * It promises: what is asked for and what waits here is bounded, whatever peers claim or send; nobody is asked for more than
 * two windows at once, and for a second only once it answered in full; a window whose peer is slower than another one is
 * asked of that one too, without any timer: of one that was asked later and answered earlier. Nothing here is verified.
 */
import { blockSize } from '../../consensus/block.ts'
import { QuernError } from '../../core/errors.ts'
import type { FinalBlock, NewerBlock, PeerId, PeerStatus, ResponseTo, Transport } from '../../p2p/transport.ts'
import { MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../../p2p/wire.ts'

/** Windows asked for or waiting: with 4 MiB in each and a block more, 48 MiB at most, and 512 small blocks. */
const MAX_WINDOWS = 8
/** Of one peer at a time: the next one travels while the last is used. */
const MAX_ASKED = 2
/** Peers asked for the same window: two may be slow or silent before a third is. */
const MAX_ASKED_PER_WINDOW = 3

export interface ServedBlock extends FinalBlock {
  readonly from: PeerId
}

/** A block of a version that this node does not know: nothing above it can be read. */
export interface ServedNewer extends NewerBlock {
  readonly from: PeerId
}

export type Served =
  | { readonly blocks: readonly ServedBlock[]; readonly newer?: undefined }
  | { readonly blocks?: undefined; readonly newer: ServedNewer }

export interface PortionLimit {
  readonly blocks: number
  /** Ends a portion after the block that reaches it. */
  readonly transactions: number
}

/** A peer that is asked. */
interface Source extends Pick<PeerStatus, 'height' | 'blocksFrom'> {
  readonly peer: PeerId
  asked: number
  /** Gave one full answer. */
  isProven: boolean
  /** Gone, slow, wrong, or with nothing more to give: not asked again. */
  isOut: boolean
}

interface Window {
  readonly from: number
  to: number
  /** When each source was asked, by the count of questions. */
  readonly asked: Map<Source, number>
  answer: { readonly source: Source; readonly blocks: readonly FinalBlock[] } | undefined
}

export class RangeDownload {
  readonly #transport: Pick<Transport, 'request' | 'blame'>
  readonly #sources: Source[] = []
  /** Without gaps, lowest first. */
  readonly #windows: Window[] = []
  /** By height, of the source that sent it first. */
  readonly #newer = new Map<number, ServedNewer>()
  /** Peers that did not say yet how far they are. */
  #expected = 0
  #questions = 0
  /** Blocks to ask for at once: as many as one answer takes, by what the last ones took. */
  #windowBlocks = MAX_RANGE_BLOCKS
  /** Where the chain is wanted from; undefined until it is. */
  #cursor: number | undefined
  #isClosed = false
  #failure: unknown
  #waiters: (() => void)[] = []

  constructor(transport: Pick<Transport, 'request' | 'blame'>) {
    this.#transport = transport
  }

  /** Heights that sources claim to have, highest first. */
  get claims(): readonly number[] {
    return this.#sources
      .filter(({ isOut }) => !isOut)
      .map(({ height }) => height)
      .sort((a, b) => b - a)
  }

  /** `status`: of the peer, or nothing if it is of no use. Its rejection is a failure of ours. */
  expect(peer: PeerId, status: Promise<PeerStatus | undefined>): void {
    this.#expected++
    status.then(
      (known) => {
        this.#expected--
        if (known !== undefined) {
          const { height, blocksFrom } = known
          this.#sources.push({ peer, height, blocksFrom, asked: 0, isProven: false, isOut: false })
        }
        this.#wake()
      },
      (error: unknown) => this.#fail(error),
    )
  }

  /** Waits for the first peer that is of use. False when there is none. */
  async hasSource(): Promise<boolean> {
    while (this.#sources.length === 0 && this.#expected > 0 && !this.#isClosed) await this.#change()
    if (this.#failure !== undefined) throw this.#failure
    return this.#sources.length > 0
  }

  /**
   * Consecutive blocks from a height on, at least one; nothing when no peer has it. What was taken stays here until it is
   * released, so it may be taken again.
   */
  async take(fromHeight: number, limit: PortionLimit): Promise<Served | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isClosed) return undefined
      const blocks = this.#read(fromHeight, limit)
      if (blocks.length > 0) return { blocks }
      const newer = this.#newer.get(fromHeight)
      if (newer !== undefined) return { newer }
      this.#cursor = fromHeight
      this.#fill()
      if (this.#expected === 0 && !this.#sources.some((source) => canSend(source, fromHeight))) return undefined
      await this.#change()
    }
  }

  /** Blocks up to here are final: their room is free. */
  release(height: number): void {
    while (this.#windows[0] !== undefined && this.#windows[0].to <= height) this.#windows.shift()
  }

  /** Asks this peer for nothing more, and forgets what it sent. */
  drop(peer: PeerId): void {
    for (const source of this.#sources) if (source.peer === peer) source.isOut = true
    for (const window of this.#windows) if (window.answer?.source.peer === peer) window.answer = undefined
    for (const [height, { from }] of this.#newer) if (from === peer) this.#newer.delete(height)
  }

  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  // -------------------------------------------------------------------------------------------------------- asking

  #fill(): void {
    if (this.#cursor === undefined || this.#isClosed) return
    for (const window of this.#windows) {
      const isAsked = [...window.asked.keys()].some(({ isOut }) => !isOut)
      const source = window.answer === undefined && !isAsked ? this.#free(window.from) : undefined
      if (source !== undefined) this.#ask(source, window)
    }
    while (this.#windows.length < MAX_WINDOWS) {
      const from = (this.#windows.at(-1)?.to ?? this.#cursor - 1) + 1
      const source = this.#free(from)
      if (source === undefined) return
      const window: Window = { from, to: from + this.#windowBlocks - 1, asked: new Map(), answer: undefined }
      this.#windows.push(window)
      this.#ask(source, window)
    }
  }

  /** The least busy source that can send this block. */
  #free(height: number): Source | undefined {
    let best: Source | undefined
    for (const source of this.#sources) {
      if (!canSend(source, height) || source.asked >= (source.isProven ? MAX_ASKED : 1)) continue
      if (best === undefined || source.asked < best.asked) best = source
    }
    return best
  }

  #ask(source: Source, window: Window): void {
    const question = ++this.#questions
    source.asked++
    window.asked.set(source, question)
    const count = window.to - window.from + 1
    this.#transport.request(source.peer, { type: 'range', fromHeight: window.from, count }).then(
      (answer) => {
        source.asked--
        if (!this.#isClosed && !source.isOut) this.#answered(source, window, question, count, answer)
        this.#wake()
      },
      (error: unknown) => {
        source.asked--
        source.isOut = true
        // Gone, slow or malformed: another is asked. Anything else is our own failure.
        if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') this.#wake()
        else this.#fail(error)
      },
    )
  }

  #answered(
    source: Source,
    window: Window,
    question: number,
    count: number,
    { blocks, newer }: ResponseTo<{ readonly type: 'range'; readonly fromHeight: number; readonly count: number }>,
  ): void {
    const isOrdered = blocks.every(({ block }, i) => block.header.height === window.from + i)
    if (!isOrdered || blocks.length > count) {
      this.#transport.blame(source.peer, 'PEER_ANSWER_INVALID')
      source.isOut = true
      return
    }
    const bytes = blocks.reduce((sum, { block }) => sum + blockSize(block), 0)
    const isFull = blocks.length === count || bytes > RANGE_TARGET_BYTES
    const last = window.from + blocks.length - 1
    // Whoever has more sends as much as one answer takes. Block by block, a peer could keep us busy and behind for ever.
    if (isFull || last >= source.height) source.isProven = true
    else source.isOut = true
    if (newer !== undefined) {
      if (!this.#newer.has(newer.height)) this.#newer.set(newer.height, { ...newer, from: source.peer })
      source.isOut = true
    }
    if (isFull) this.#windowBlocks = blocks.length === count ? grown(this.#windowBlocks) : blocks.length
    if (blocks.length > 0 && window.answer === undefined) this.#keep(window, source, blocks, last)
    this.#overtake(source, question)
  }

  #keep(window: Window, source: Source, blocks: readonly FinalBlock[], last: number): void {
    const at = this.#windows.indexOf(window)
    if (at === -1) return
    window.answer = { source, blocks }
    if (last >= window.to) return
    this.#windows.splice(at + 1, 0, { from: last + 1, to: window.to, asked: new Map(), answer: undefined })
    window.to = last
  }

  /** The first window that is open was asked of others before this question, which has its answer: they are slower. */
  #overtake(source: Source, question: number): void {
    const window = this.#windows.find(({ answer }) => answer === undefined)
    if (window === undefined || window.asked.has(source) || !canSend(source, window.from)) return
    const asked = [...window.asked].filter(([{ isOut }]) => !isOut)
    if (asked.length === 0 || asked.length >= MAX_ASKED_PER_WINDOW) return
    if (asked.every(([, earlier]) => earlier < question)) this.#ask(source, window)
  }

  // -------------------------------------------------------------------------------------------------------- reading

  #read(fromHeight: number, limit: PortionLimit): ServedBlock[] {
    const blocks: ServedBlock[] = []
    let transactions = 0
    for (const { from, to, answer } of this.#windows) {
      if (to < fromHeight) continue
      if (answer === undefined) return blocks
      for (const served of answer.blocks.slice(Math.max(0, fromHeight - from))) {
        blocks.push({ ...served, from: answer.source.peer })
        transactions += served.block.transactions.length
        if (blocks.length >= limit.blocks || transactions >= limit.transactions) return blocks
      }
    }
    return blocks
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #wake(): void {
    this.#fill()
    for (const wake of this.#waiters.splice(0)) wake()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wake()
  }
}

const canSend = ({ isOut, height, blocksFrom }: Source, at: number): boolean =>
  !isOut && blocksFrom <= at && at <= height

const grown = (blocks: number): number => Math.min(MAX_RANGE_BLOCKS, 2 * blocks)
