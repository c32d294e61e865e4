/** The history of a node: of final blocks from the rows of its store, of those above from the blocks of the tip's branch. */
import { compareBytes, concatBytes, equalBytes, type Hash, readU32, readU64 } from '../../core/bytes.ts'
import { type KvRange, prefixEnd } from '../../core/kv.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { KEY, PREFIX } from '../storage/layout.ts'
import type { ChainEntry } from '../validator/entry.ts'
import { type VprogActivity, vprogActivity } from './activity.ts'
import { assertLimit, comparePlaces, type TransactionPlace, type VprogHistory } from './history.ts'

/** Where height or place stand in the keys of both tables: behind the prefix and a hash. */
const PLACE_AT = 33

const FIRST: TransactionPlace = { height: 0, index: 0 }

/** Of an answer: oldest first, or newest first. */
type Order = Required<Pick<KvRange, 'limit' | 'reverse'>>

interface OpenActivity extends VprogActivity {
  readonly height: number
}

export class ChainHistory implements VprogHistory {
  readonly #store: Pick<ChainStore, 'kv' | 'head' | 'held'>
  readonly #branch: () => readonly ChainEntry[]
  /** Of open blocks, which are asked about again and again. */
  readonly #known = new WeakMap<ChainEntry, readonly OpenActivity[]>()

  /** @param branch from the block above the final one up to the tip */
  constructor(store: Pick<ChainStore, 'kv' | 'head' | 'held'>, branch: () => readonly ChainEntry[]) {
    this.#store = store
    this.#branch = branch
  }

  laneHeights(laneKey: Hash, from: number, to: number, limit: number): Promise<number[]> {
    return this.#laneHeights(laneKey, from, to, { limit, reverse: false })
  }

  newestLaneHeights(laneKey: Hash, to: number, limit: number): Promise<number[]> {
    return this.#laneHeights(laneKey, 0, to, { limit, reverse: true })
  }

  covenantTransactions(
    covenantId: Hash,
    after: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]> {
    const from = after === undefined ? FIRST : { height: after.height, index: after.index + 1 }
    return this.#covenantTransactions(covenantId, from, undefined, { limit, reverse: false })
  }

  newestCovenantTransactions(
    covenantId: Hash,
    before: TransactionPlace | undefined,
    limit: number,
  ): Promise<TransactionPlace[]> {
    return this.#covenantTransactions(covenantId, FIRST, before, { limit, reverse: true })
  }

  async #laneHeights(laneKey: Hash, from: number, to: number, order: Order): Promise<number[]> {
    assertLimit(order.limit)
    const { first, top, open } = this.#now()
    const above = open.flatMap(({ height, laneKey: key }) =>
      key !== undefined && equalBytes(key, laneKey) && height >= from && height <= to ? [height] : [],
    )
    const heights: number[] = []
    const [low, high] = [Math.max(from, first), Math.min(to, top)]
    if (low <= high) {
      const range = { gte: KEY.laneBlock(laneKey, low), lt: KEY.laneBlock(laneKey, high + 1), ...order }
      for await (const [key] of this.#store.kv.entries(range)) heights.push(readU64(key, PLACE_AT))
    }
    return joined(heights, [...new Set(above)], order)
  }

  /** @param from included @param to excluded; absent: up to the tip */
  async #covenantTransactions(
    covenantId: Hash,
    from: TransactionPlace,
    to: TransactionPlace | undefined,
    order: Order,
  ): Promise<TransactionPlace[]> {
    assertLimit(order.limit)
    const { first, top, open } = this.#now()
    const isInRange = (place: TransactionPlace): boolean =>
      comparePlaces(place, from) >= 0 && (to === undefined || comparePlaces(place, to) < 0)
    const above = open.flatMap(({ height, index, covenantIds }) =>
      covenantIds.some((id) => equalBytes(id, covenantId)) && isInRange({ height, index }) ? [{ height, index }] : [],
    )
    const places: TransactionPlace[] = []
    const [begin, end] = [
      { height: first, index: 0 },
      { height: top + 1, index: 0 },
    ]
    const low = comparePlaces(from, begin) < 0 ? begin : from
    const high = to === undefined || comparePlaces(to, end) > 0 ? end : to
    if (comparePlaces(low, high) < 0) {
      const keyOf = ({ height, index }: TransactionPlace) => KEY.covenantTransaction(covenantId, height, index)
      const range = { gte: keyOf(low), lt: keyOf(high), ...order }
      for await (const [key] of this.#store.kv.entries(range)) places.push(placeAt(key, PLACE_AT))
    }
    return joined(places, above, order)
  }

  async covenantIds(after: Hash | undefined, limit: number): Promise<Hash[]> {
    assertLimit(limit)
    const { first, top, open } = this.#now()
    const ids = open
      .flatMap(({ covenantIds }) => covenantIds)
      .filter((id) => after === undefined || compareBytes(id, after) > 0)
    let last = after
    for (let found = 0; found < limit; found++) {
      last = await this.#nextCovenant(last, first, top)
      if (last === undefined) break
      ids.push(last)
    }
    return ids
      .toSorted(compareBytes)
      .filter((id, i, sorted) => i === 0 || !equalBytes(id, sorted[i - 1]!))
      .slice(0, limit)
  }

  spentBy(outpoint: Outpoint): TransactionPlace | undefined {
    const isIt = ({ txId, index }: Outpoint): boolean => index === outpoint.index && equalBytes(txId, outpoint.txId)
    return this.#place(KEY.spent(outpoint), ({ spent }) => spent.some(isIt))
  }

  transactionByKipId(txId: Hash): TransactionPlace | undefined {
    return this.#place(KEY.kipTransaction(txId), (activity) => equalBytes(activity.txId, txId))
  }

  #place(key: Uint8Array, isIt: (activity: OpenActivity) => boolean): TransactionPlace | undefined {
    const { first, top, open } = this.#now()
    const bytes = this.#store.kv.get(key)
    const stored = bytes === undefined ? undefined : placeAt(bytes, 0)
    if (stored !== undefined && stored.height >= first && stored.height <= top) return stored
    const found = open.find(isIt)
    return found === undefined ? undefined : { height: found.height, index: found.index }
  }

  /** Rows below `first` and above `top` are on their way into the store, or out of it. */
  async #nextCovenant(after: Hash | undefined, first: number, top: number): Promise<Hash | undefined> {
    const { covenantTransaction: table } = PREFIX
    const behind = (id: Hash): Uint8Array => prefixEnd(concatBytes(table, id))!
    let gte: Uint8Array | undefined = after === undefined ? table : behind(after)
    while (gte !== undefined) {
      const range: KvRange = { gte, lt: prefixEnd(table)!, limit: 1 }
      gte = undefined
      for await (const [key] of this.#store.kv.entries(range)) {
        const id = key.slice(1, PLACE_AT)
        const height = readU64(key, PLACE_AT)
        if (height >= first && height <= top) return id
        gte = height < first ? KEY.covenantTransaction(id, first, 0) : behind(id)
      }
    }
    return undefined
  }

  /** Blocks on the disk, and the activity of those above: one moment of the chain, whatever is written while rows are read. */
  #now(): { readonly first: number; readonly top: number; readonly open: readonly OpenActivity[] } {
    const { head, held } = this.#store
    const top = head.header.height
    const above = this.#branch().filter(({ block }) => block.header.height > top)
    return { first: held.blocksFrom, top, open: above.flatMap((entry) => this.#activityOf(entry)) }
  }

  #activityOf(entry: ChainEntry): readonly OpenActivity[] {
    const known = this.#known.get(entry)
    if (known !== undefined) return known
    const { height } = entry.block.header
    const activity = vprogActivity(entry.transactions, entry.receipts).map((each) => ({ ...each, height }))
    this.#known.set(entry, activity)
    return activity
  }
}

/** @param stored in the order asked for @param above what stands above it, oldest first */
const joined = <T>(stored: readonly T[], above: readonly T[], { limit, reverse }: Order): T[] =>
  (reverse ? [...above.toReversed(), ...stored] : [...stored, ...above]).slice(0, limit)

const placeAt = (bytes: Uint8Array, offset: number): TransactionPlace => ({
  height: readU64(bytes, offset),
  index: readU32(bytes, offset + 8),
})
