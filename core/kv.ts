/**
 * The ordered key-value store that everything durable goes through. Reads are synchronous, because the state machine
 * is; a write is one atomic batch. `node/storage` implements it on LevelDB, `MemoryStore` here in memory.
 */
import { compareBytes, hexKey } from './bytes.ts'

export type KvOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }

/** Keys from `gte` (included) to `lt` (excluded), in byte order. */
export interface KvRange {
  readonly gte?: Uint8Array
  readonly lt?: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

export interface KvReader {
  get(key: Uint8Array): Uint8Array | undefined
  entries(range?: KvRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
}

export interface KvStore extends KvReader {
  /** Applies all operations or none. With `sync`, it has reached the disk when the promise resolves. */
  write(operations: readonly KvOperation[], options?: { readonly sync?: boolean }): Promise<void>
  close(): Promise<void>
}

/** The smallest key after every key that starts with `prefix`; undefined when there is none (all 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i]! < 0xff) {
      end[i] = end[i]! + 1
      return end.subarray(0, i + 1)
    }
  }
  return undefined
}

/** Range of all keys that start with `prefix`. */
export function prefixRange(prefix: Uint8Array): KvRange {
  const lt = prefixEnd(prefix)
  return lt === undefined ? { gte: prefix } : { gte: prefix, lt }
}

/** In memory, for tests and throw-away networks. Values are copied in, so callers may reuse their buffers. */
export class MemoryStore implements KvStore {
  readonly #entries = new Map<string, readonly [Uint8Array, Uint8Array]>()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(hexKey(key))?.[1]
  }

  async *entries(range: KvRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    const inRange = [...this.#entries.values()]
      .filter(([key]) => range.gte === undefined || compareBytes(key, range.gte) >= 0)
      .filter(([key]) => range.lt === undefined || compareBytes(key, range.lt) < 0)
      .sort((a, b) => (range.reverse ? compareBytes(b[0], a[0]) : compareBytes(a[0], b[0])))
    yield* range.limit === undefined ? inRange : inRange.slice(0, range.limit)
  }

  async write(operations: readonly KvOperation[]): Promise<void> {
    for (const operation of operations) {
      const id = hexKey(operation.key)
      if (operation.type === 'put') this.#entries.set(id, [operation.key.slice(), operation.value.slice()])
      else this.#entries.delete(id)
    }
  }

  async close(): Promise<void> {}
}
