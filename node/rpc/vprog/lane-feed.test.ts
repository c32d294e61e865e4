/** A client's picture of a lane, from events alone, against the chain as it is: through forks, breaks and a slow reader. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Header } from '../../../consensus/types.ts'
import { type Hash, hexKey, toHex, utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import type { ExecutedBlock, Holdings } from '../../api.ts'
import { ScannedHistory } from '../../vprog/testing/scanned-history.ts'
import type { ChainEvent } from '../chain/topics.ts'
import { laneOf, VprogFixture } from './fixture.ts'
import { LaneFeed, openLaneFeed } from './lane-feed.ts'

const KEY = laneKey(laneOf(1))
let sample: {
  readonly header: Header
  readonly inLane: Transaction
  readonly elsewhere: Transaction
  readonly block: ExecutedBlock
}

beforeAll(() => {
  const own = new VprogFixture()
  own.mine(own.message(1), own.message(2, 1))
  const block = own.chain.blockByHeight(1)!
  const [inLane, elsewhere] = block.transactions
  sample = { header: block.block.header, inLane: inLane!, elsewhere: elsewhere!, block }
})

/** Blocks of which only places and transactions matter. Abandoned ones stay known. */
class ForkingChain {
  readonly #blocks = new Map<string, ExecutedBlock>()
  #branch: ExecutedBlock[] = []
  #finalHeight = 0
  #serial = 0
  blocksFrom = 0
  /** Happens once, while the index is read. */
  meanwhile: (() => void) | undefined
  readonly #history = new ScannedHistory(this)
  readonly vprogs: ScannedHistory = Object.create(this.#history, {
    laneHeights: {
      value: async (...params: Parameters<ScannedHistory['laneHeights']>) => {
        const heights = await this.#history.laneHeights(...params)
        this.meanwhile?.()
        this.meanwhile = undefined
        return heights
      },
    },
  })

  constructor() {
    this.extend(false)
  }

  extend(isTouched: boolean): void {
    const parent = this.#branch.at(-1)
    const hash = sha256(utf8(`block ${this.#serial++}`))
    const parentHash = parent?.block.hash ?? new Uint8Array(32)
    const header = { ...sample.header, height: this.#branch.length, parentHash }
    const transactions = [sample.elsewhere, ...(isTouched ? [sample.inLane] : [])]
    const receipts = transactions.map(() => sample.block.receipts[0]!)
    const executed = { ...sample.block, block: { ...sample.block.block, header, hash }, transactions, receipts }
    this.#blocks.set(hexKey(hash), executed)
    this.#branch = [...this.#branch, executed]
  }

  /** Abandons this many blocks, final ones only on a devnet. */
  abandon(blocks: number): void {
    this.#branch = this.#branch.slice(0, Math.max(this.#finalHeight + 1, this.#branch.length - blocks))
  }

  finalize(lag: number): void {
    this.#finalHeight = Math.max(this.#finalHeight, this.#branch.length - 1 - lag)
  }

  latest = () => headerOf(this.#branch.at(-1)!)
  finalized = () => headerOf(this.#branch[this.#finalHeight]!)
  holdings = (): Holdings => ({ mode: 'full', blocksFrom: this.blocksFrom, statesFrom: 0, requests: [] })
  blockByHeight = (height: number) => (height < this.blocksFrom ? undefined : this.#branch[height])
  blockByHash = (hash: Hash) => this.#blocks.get(hexKey(hash))
  stateAt = () => undefined

  isUnder(hash: Hash): boolean {
    return this.#branch.some(({ block }) => hexKey(block.hash) === hexKey(hash))
  }

  /** Blocks of the lane that are not `seen` or before it, as "height hash final". */
  activity(seen: Hash): string[] {
    const before = new Set<string>()
    for (
      let at = this.#blocks.get(hexKey(seen));
      at !== undefined;
      at = this.#blocks.get(hexKey(at.block.header.parentHash))
    )
      before.add(hexKey(at.block.hash))
    return this.#branch
      .filter(({ transactions, block }) => transactions.length > 1 && !before.has(hexKey(block.hash)))
      .map(({ block: { header, hash } }) => `${header.height} ${toHex(hash)} ${header.height <= this.#finalHeight}`)
  }
}

const headerOf = ({ block }: ExecutedBlock) => ({ ...block.header, hash: block.hash })

interface Told {
  readonly type: 'added' | 'dropped' | 'final'
  readonly height: number
  readonly block_hash: string
}

/** What a client knows after these events; each must follow from those before it. */
function picture(events: readonly ChainEvent[]): string[] {
  const stack: { height: number; hash: string; isFinal: boolean }[] = []
  for (const { event } of events) {
    const { type, height, block_hash: hash } = event as unknown as Told
    const top = stack.at(-1)
    if (type === 'added') {
      expect(height).toBeGreaterThan(top?.height ?? -1)
      stack.push({ height, hash, isFinal: false })
    } else if (type === 'dropped') {
      expect([top?.hash, top?.isFinal]).toEqual([hash, false])
      stack.pop()
    } else {
      const next = stack.find(({ isFinal }) => !isFinal)
      expect(next?.hash).toBe(hash)
      next!.isFinal = true
    }
  }
  return stack.map(({ height, hash, isFinal }) => `${height} ${hash} ${isFinal}`)
}

/** Until there is no more, or so many steps. */
async function drain(
  feed: Awaited<ReturnType<typeof openLaneFeed>>,
  events: ChainEvent[],
  steps = Number.POSITIVE_INFINITY,
) {
  for (let step = 0; step < steps; step++) {
    const more = await feed.next()
    if (more === undefined) return
    events.push(...more)
  }
}

const anyStep = fc.oneof(
  fc.record({ do: fc.constant('extend' as const), lane: fc.boolean() }),
  fc.record({ do: fc.constant('extend' as const), lane: fc.boolean() }),
  fc.record({ do: fc.constant('abandon' as const), count: fc.integer({ min: 1, max: 5 }), lane: fc.boolean() }),
  fc.record({ do: fc.constant('finalize' as const), count: fc.nat(4) }),
  fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('meanwhile' as const), count: fc.integer({ min: 1, max: 5 }), lane: fc.boolean() }),
  fc.record({ do: fc.constant('resume' as const), count: fc.nat(3) }),
)

describe('the feed of a lane', () => {
  it('shows the lane as it is, wherever it begins, breaks off and goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat(7), { nil: undefined }),
        fc.array(anyStep, { maxLength: 40 }),
        async (before, back, steps) => {
          const chain = new ForkingChain()
          for (const isTouched of before) chain.extend(isTouched)
          chain.finalize(2)
          const fromHeight = back === undefined ? undefined : Math.max(1, chain.latest().height + 1 - back)
          const seen = chain.blockByHeight((fromHeight ?? chain.latest().height + 1) - 1)!.block.hash
          let feed = await openLaneFeed(chain, KEY, fromHeight === undefined ? {} : { fromHeight })
          let events: ChainEvent[] = []
          for (const step of steps) {
            if (step.do === 'extend') chain.extend(step.lane)
            else if (step.do === 'abandon') {
              chain.abandon(step.count)
              chain.extend(step.lane)
            } else if (step.do === 'finalize') chain.finalize(step.count)
            else if (step.do === 'read') await drain(feed, events, step.count)
            else if (step.do === 'meanwhile') {
              chain.meanwhile = () => {
                chain.abandon(step.count)
                chain.extend(step.lane)
              }
            } else if (events.length > 0) {
              // A client that has handled all but the last few events, and lost those.
              events = events.slice(0, Math.max(1, events.length - step.count))
              feed = await openLaneFeed(chain, KEY, { cursor: events.at(-1)!.cursor })
            }
          }
          chain.meanwhile = undefined
          await drain(feed, events)
          expect(picture(events)).toEqual(chain.activity(seen))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('reads no block without activity of the lane', async () => {
    const chain = new ForkingChain()
    for (let height = 1; height <= 200; height++) chain.extend(height % 100 === 50)
    chain.finalize(2)
    const read = new Set<number>()
    const counting = Object.create(chain, {
      blockByHeight: {
        value: (height: number) => {
          read.add(height)
          return chain.blockByHeight(height)
        },
      },
    }) as ForkingChain
    const events: ChainEvent[] = []
    await drain(await openLaneFeed(counting, KEY, { fromHeight: 1 }), events)
    expect(events).toHaveLength(4)
    expect([...read].sort((a, b) => a - b)).toEqual([50, 150])
  })

  it('refuses to go on where blocks between are pruned', async () => {
    const chain = new ForkingChain()
    for (let height = 1; height <= 10; height++) chain.extend(height === 2)
    chain.finalize(0)
    const events: ChainEvent[] = []
    const feed = await openLaneFeed(chain, KEY, { fromHeight: 1 })
    await drain(feed, events)
    chain.blocksFrom = 6
    chain.extend(true)
    // What it has looked at already may go.
    await drain(feed, events)
    expect(picture(events)).toHaveLength(2)
    await expect(openLaneFeed(chain, KEY, { fromHeight: 4 })).rejects.toMatchObject({ tag: 'BLOCK_PRUNED' })
    const late = new LaneFeed(chain, KEY, { trail: [], from: 4, final: 3 })
    await expect(late.next()).rejects.toMatchObject({ tag: 'BLOCK_PRUNED' })
  })

  it('waits for finality with many blocks open', async () => {
    const chain = new ForkingChain()
    for (let height = 1; height <= 300; height++) chain.extend(true)
    const events: ChainEvent[] = []
    const feed = await openLaneFeed(chain, KEY, { fromHeight: 1 })
    await drain(feed, events)
    expect(events).toHaveLength(256)
    chain.finalize(0)
    await drain(feed, events)
    expect(picture(events)).toHaveLength(300)
  })
})
