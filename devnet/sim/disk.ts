/**
 * A machine's disk. It keeps LevelDB's contract and nothing beyond it: a batch is there whole or not at all, batches become
 * durable in the order in which they were issued, and a synced write is durable when its promise resolves, with all before it.
 *
 *     issued ──latency──> done ──sync, or a later synced batch──> durable
 *       └── a crash here leaves it whole or absent  └── a crash here may still take it, with all after it
 *
 * A read meets a batch as soon as it was issued, or only when it is done: the disk draws which, since stores differ.
 */
import type { EventQueue } from '../../core/event-queue.ts'
import type { KvOperation, KvRange, KvStore } from '../../core/kv.ts'
import type { Random } from '../../core/random.ts'
import { PREFIX } from '../../node/storage/layout.ts'
import type { Rows } from './check/tables.ts'
import { Pages, type Place } from './pages.ts'

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** Room for any key of a node's store; the longest, of a past state value, has 41 bytes. */
const scratch = Buffer.alloc(256)

/** One byte in each UTF-16 code unit, so that keys are equal when their strings are. */
function idOf(key: Uint8Array): string {
  scratch.set(key)
  return scratch.toString('latin1', 0, key.length)
}

const TREE = PREFIX.tree[0]!

/** A number that ascends with the keys: the first byte names a table (node/storage/layout.ts), the tree's second one of its own. */
const tableOf = (key: Uint8Array): number => key[0]! * 256 + (key[0] === TREE ? (key[1] ?? 0) : 0)

/** Where the value of each key lies, by the key as a latin1 string. */
type Table = Map<string, Place>
const keyOf = (id: string): Uint8Array => Uint8Array.from(Buffer.from(id, 'latin1'))

export interface DiskTempo {
  /** Share of writes that take time; the others are done at once. */
  readonly slowShare: number
  /** A slow write takes up to this long. */
  readonly maxDelayMs: number
}

interface Undo {
  readonly table: Table
  readonly id: string
  readonly before: Place | undefined
}

interface Batch {
  readonly operations: readonly KvOperation[]
  readonly isSynced: boolean
  /** What it overwrote, in order; undefined while it does not show to readers. */
  undo: Undo[] | undefined
  isDone: boolean
}

/** One for each caller: a shared one would remember all of them. */
const never = (): Promise<never> => new Promise(() => {})

export class SimDisk {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #showsEarly: boolean
  /** By `tableOf` their keys, so that a range looks at one table and a look-up at no rows that are never read. */
  readonly #tables = new Map<number, Table>()
  #pages = new Pages()
  /** Issued and not durable yet, oldest first. */
  #volatile: Batch[] = []
  #life = 0
  tempo: DiskTempo = { slowShare: 0, maxDelayMs: 0 }
  /** Whether the machine goes down in the middle of this write; it must then call `crash` when `onIssue` runs. */
  isDoomed: (operations: readonly KvOperation[]) => boolean = () => false
  onIssue: () => void = () => {}
  /** Hears of every operation that became durable. */
  onDurable: (operation: KvOperation) => void = () => {}
  /** Batches that were under way when the power went. */
  tornWrites = 0

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue
    this.#random = random
    this.#showsEarly = random.chance(0.5)
  }

  /** For one life of the machine. A machine that crashed writes no more and hears of no write. */
  open(): KvStore {
    const life = ++this.#life
    return {
      get: (key) => this.#read(this.#tables.get(tableOf(key)), idOf(key)),
      entries: (range) => this.#entries(range),
      write: (operations, options) => (life === this.#life ? this.#write(operations, options?.sync === true) : never()),
      close: async () => {},
    }
  }

  /** The power goes. Of what was not durable a prefix survives, batch by batch. */
  crash(): void {
    this.#life++
    this.tornWrites += this.#volatile.filter(({ isDone }) => !isDone).length
    const lost = this.#volatile.splice(this.#random.below(this.#volatile.length + 1))
    for (const batch of lost.reverse()) this.#undo(batch)
    for (const batch of this.#volatile) this.#settle(batch)
    this.#volatile = []
  }

  /** All is gone: a new machine under an old name. */
  wipe(): void {
    this.#life++
    this.#tables.clear()
    this.#pages = new Pages()
    this.#volatile = []
  }

  /** What readers see now, in the order of the keys. */
  content(range: KvRange = {}): Entry[] {
    const { gte, lt, reverse, limit } = range
    // Strings compare as their bytes do. A table is passed over where all of it is outside.
    const first = gte === undefined ? '' : idOf(gte)
    const end = lt === undefined ? undefined : idOf(lt)
    const from = gte === undefined ? 0 : tableOf(gte)
    const to = lt === undefined ? Number.POSITIVE_INFINITY : tableOf(lt)
    const found: (readonly [id: string, place: Place])[] = []
    for (const [name, table] of this.#tables) {
      if (name < from || name > to) continue
      for (const entry of table) if (entry[0] >= first && (end === undefined || entry[0] < end)) found.push(entry)
    }
    found.sort(([a], [b]) => (a < b ? -1 : 1))
    if (reverse === true) found.reverse()
    if (limit !== undefined) found.length = Math.min(found.length, limit)
    return found.map(([id, place]): Entry => [keyOf(id), this.#pages.read(place)])
  }

  /** The rows of one table, whose keys begin with `prefix`, for comparing them with those of another disk. */
  table(prefix: Uint8Array): Rows {
    const table = this.#tables.get(tableOf(prefix))
    return { size: table?.size ?? 0, keys: () => table?.keys() ?? [], get: (id) => this.#read(table, id) }
  }

  #read(table: ReadonlyMap<string, Place> | undefined, id: string): Uint8Array | undefined {
    const place = table?.get(id)
    return place === undefined ? undefined : this.#pages.read(place)
  }

  async *#entries(range: KvRange = {}): AsyncGenerator<Entry> {
    yield* this.content(range)
  }

  #write(operations: readonly KvOperation[], isSynced: boolean): Promise<void> {
    const life = this.#life
    const isDoomed = this.isDoomed(operations)
    const isQuick = !this.#random.chance(this.tempo.slowShare) && !isDoomed
    if (isQuick && isSynced && this.#volatile.length === 0) {
      for (const operation of operations) {
        this.#apply(operation)
        this.onDurable(operation)
      }
      return Promise.resolve()
    }
    const batch: Batch = { operations, isSynced, undo: undefined, isDone: false }
    const isFirst = this.#volatile.every(({ isDone }) => isDone)
    this.#volatile.push(batch)
    if (this.#showsEarly) this.#show(batch)
    if (isDoomed) this.onIssue()
    if (life !== this.#life) return never()
    if (isFirst && isQuick) {
      this.#finish(batch)
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const finish = (): void => {
        if (life !== this.#life) return
        // In the order of issue, whatever the delays say.
        if (this.#volatile.find(({ isDone }) => !isDone) !== batch) {
          this.#queue.after(1, finish)
          return
        }
        this.#finish(batch)
        resolve()
      }
      this.#queue.after(1 + this.#random.below(Math.max(1, this.tempo.maxDelayMs)), finish)
    })
  }

  #finish(batch: Batch): void {
    this.#show(batch)
    batch.isDone = true
    if (!batch.isSynced) return
    const durable = this.#volatile.splice(0, this.#volatile.indexOf(batch) + 1)
    for (const each of durable) this.#settle(each)
  }

  /** On the disk for good. */
  #settle(batch: Batch): void {
    this.#show(batch)
    for (const operation of batch.operations) this.onDurable(operation)
  }

  #show(batch: Batch): void {
    if (batch.undo !== undefined) return
    batch.undo = batch.operations.map((operation) => this.#apply(operation, true))
  }

  /** @returns what the key held before, where it is asked for: a look-up costs as much as a write */
  #apply(operation: KvOperation, isUndoable = false): Undo {
    const id = idOf(operation.key)
    const name = tableOf(operation.key)
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new Map()
      this.#tables.set(name, table)
    }
    const before = isUndoable ? table.get(id) : undefined
    if (operation.type === 'put') table.set(id, this.#pages.write(operation.value))
    else table.delete(id)
    return { table, id, before }
  }

  #undo(batch: Batch): void {
    for (const { table, id, before } of (batch.undo ?? []).reverse()) {
      if (before === undefined) table.delete(id)
      else table.set(id, before)
    }
    batch.undo = undefined
  }
}
