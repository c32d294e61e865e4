/**
 * Polling filters (`eth_newBlockFilter` and its kin). Events go into one shared log per topic, and a filter is only a
 * place in it, so memory is bounded whatever clients create and forget.
 */
import { type Hex, toHex } from '../../core/bytes.ts'
import type { NodeApi } from '../api.ts'
import { RPC_CODE, RpcError } from './errors.ts'
import { randomId } from './random-id.ts'

export type FilterKind = 'block' | 'transaction' | 'log'

/** A client polls every few seconds; geth forgets a filter after the same five minutes. */
export const FILTER_TTL_MS = 5 * 60 * 1000
/** Each is a place in a log, some 200 bytes; this many polling clients on one node are plenty. */
export const MAX_FILTERS = 1_024
/** Half an hour of blocks at 500 ms. */
const BLOCK_LOG_LENGTH = 4_096
/** As many as the mempool holds. */
const TRANSACTION_LOG_LENGTH = 65_536

/** The last `capacity` entries ever pushed, by the number of their push. */
export class RecentLog<T> {
  readonly #capacity: number
  #entries: T[] = []
  #dropped = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Number of the next push. */
  get end(): number {
    return this.#dropped + this.#entries.length
  }

  push(entry: T): void {
    this.#entries.push(entry)
    // Half at a time, so that a push costs O(1) on average.
    if (this.#entries.length < 2 * this.#capacity) return
    this.#entries = this.#entries.slice(this.#capacity)
    this.#dropped += this.#capacity
  }

  /** Everything from push number `start` on; undefined when part of it is gone. */
  since(start: number): readonly T[] | undefined {
    return start < this.#dropped ? undefined : this.#entries.slice(start - this.#dropped)
  }
}

interface Filter {
  readonly kind: FilterKind
  position: number
  usedAtMs: number
}

export class FilterStore {
  readonly #node: Pick<NodeApi, 'subscribe'>
  readonly #nowMs: () => number
  readonly #filters = new Map<string, Filter>()
  #logs = newLogs()
  #stop: (() => void) | undefined

  constructor(node: Pick<NodeApi, 'subscribe'>, nowMs: () => number) {
    this.#node = node
    this.#nowMs = nowMs
  }

  /** @throws RpcError `FILTER_LIMIT` */
  create(kind: FilterKind): Hex {
    this.#sweep()
    if (this.#filters.size >= MAX_FILTERS) {
      throw new RpcError(RPC_CODE.limitExceeded, 'FILTER_LIMIT', `at most ${MAX_FILTERS} filters: uninstall some`)
    }
    this.#stop ??= this.#follow()
    const id = randomId()
    this.#filters.set(id, { kind, position: this.#end(kind), usedAtMs: this.#nowMs() })
    return id
  }

  /**
   * Hashes since the last call, oldest first.
   * @throws RpcError `FILTER_UNKNOWN` for one that never was, expired, or fell behind what is kept
   */
  changes(id: string): readonly Hex[] {
    this.#sweep()
    const filter = this.#filters.get(id)
    if (filter === undefined) throw unknownFilter()
    filter.usedAtMs = this.#nowMs()
    const entries = filter.kind === 'log' ? [] : this.#logs[filter.kind].since(filter.position)
    if (entries === undefined) {
      this.remove(id)
      throw unknownFilter()
    }
    filter.position = this.#end(filter.kind)
    return entries
  }

  kindOf(id: string): FilterKind | undefined {
    return this.#filters.get(id)?.kind
  }

  remove(id: string): boolean {
    const existed = this.#filters.delete(id)
    if (this.#filters.size === 0) this.close()
    return existed
  }

  /** Forgets every filter. */
  close(): void {
    this.#filters.clear()
    this.#stop?.()
    this.#stop = undefined
    this.#logs = newLogs()
  }

  #end(kind: FilterKind): number {
    return kind === 'log' ? 0 : this.#logs[kind].end
  }

  /** Runs only while there are filters. */
  #follow(): () => void {
    return this.#node.subscribe((event) => {
      if (event.type === 'transaction') this.#logs.transaction.push(toHex(event.transaction.hash))
      if (event.type === 'tip') for (const { block } of event.added) this.#logs.block.push(toHex(block.hash))
    })
  }

  #sweep(): void {
    const oldest = this.#nowMs() - FILTER_TTL_MS
    for (const [id, filter] of this.#filters) if (filter.usedAtMs < oldest) this.remove(id)
  }
}

const newLogs = () => ({
  block: new RecentLog<Hex>(BLOCK_LOG_LENGTH),
  transaction: new RecentLog<Hex>(TRANSACTION_LOG_LENGTH),
})

/** geth's words: clients make a new filter when they read them. */
const unknownFilter = (): RpcError =>
  new RpcError(RPC_CODE.invalidInput, 'FILTER_UNKNOWN', 'filter not found: create a new one')
