/**
 * State values with their past: the newest is one get away, and the value at any older version O(log changes) gets.
 *
 * The versions of a key form a list from newest to oldest in which each record also points far back. Record number d
 * jumps over the smallest block of d's skew-binary form (Myers, "An applicative random-access stack", 1983), so a walk
 * to any version takes a logarithmic number of steps, and appending a record takes at most two reads.
 *
 *     record = depth || version || previous version || jump version || present, one byte || value
 *
 * Beside them stands which keys each version wrote, so that the oldest versions can be pruned and the newest rolled back
 * without a look at any other key. Integers are u64 big endian.
 *
 * Pruning up to version v keeps, of every key, the newest record at or below v and all above it: a walk to a version at or above
 * v meets no other, since it follows a jump only where that does not pass below the version it looks for.
 */
import { concatBytes, EMPTY_BYTES, type Hash, putU64, readU64, u64be } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { KvOperation, KvRange, KvReader } from '../../core/kv.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'
import { PREFIX } from './layout.ts'

export interface ValueRecord {
  /** How many older records the key has. */
  readonly depth: number
  readonly version: number
  readonly previous: number
  readonly jump: number
  /** Undefined: the key was deleted. */
  readonly value: Uint8Array | undefined
}

const HEADER_BYTES = 33

export const currentKey = (treeKey: Hash): Uint8Array => concatBytes(PREFIX.value, treeKey)
export const historyKey = (treeKey: Hash, version: number): Uint8Array =>
  concatBytes(PREFIX.valueHistory, treeKey, u64be(version))

export const changeKey = (version: number, treeKey: Hash): Uint8Array =>
  concatBytes(PREFIX.change, u64be(version), treeKey)

/** Where the changes of versions from `from` to `to`, both included, stand; ascending. */
export const changeRange = (from: number, to: number): KvRange => ({
  gte: concatBytes(PREFIX.change, u64be(from)),
  lt: concatBytes(PREFIX.change, u64be(to + 1)),
})

const CHANGE_KEY_AT = PREFIX.change.length + 8

/** What a key of the table of changes says. */
export const decodeChange = (key: Uint8Array): { readonly version: number; readonly treeKey: Hash } => ({
  version: readU64(key, PREFIX.change.length),
  treeKey: key.slice(CHANGE_KEY_AT),
})

/** There is a record for every value of every commit, so each is one array and nothing beside it. */
function encodeRecord({ depth, version, previous, jump, value }: ValueRecord): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + (value?.length ?? 0))
  putU64(record, 0, depth)
  putU64(record, 8, version)
  putU64(record, 16, previous)
  putU64(record, 24, jump)
  if (value === undefined) return record
  record[HEADER_BYTES - 1] = 1
  record.set(value, HEADER_BYTES)
  return record
}

const storedValue = (bytes: Uint8Array): Uint8Array | undefined =>
  bytes[HEADER_BYTES - 1] === 1 ? bytes.subarray(HEADER_BYTES) : undefined

export const decodeRecord = (bytes: Uint8Array): ValueRecord => ({
  depth: readU64(bytes, 0),
  version: readU64(bytes, 8),
  previous: readU64(bytes, 16),
  jump: readU64(bytes, 24),
  value: storedValue(bytes),
})

/** Records that the jump of record `depth` (>= 1) passes over, itself included: the last digit in skew binary. */
export function jumpLength(depth: number): number {
  let rest = depth
  let digit = 1
  while (rest > 0) {
    digit = 1
    while (2 * digit + 1 <= rest) digit = 2 * digit + 1
    rest -= digit
  }
  return digit
}

const missing = (version: number): QuernError =>
  new QuernError('STORE_CORRUPT', 'a past state value is missing; run `quern chain verify`', { version })

export class VersionedValues implements StateReader {
  readonly #kv: KvReader

  constructor(kv: KvReader) {
    this.#kv = kv
  }

  /** The newest value. */
  get(treeKey: Hash): Uint8Array | undefined {
    const bytes = this.#kv.get(currentKey(treeKey))
    return bytes === undefined ? undefined : storedValue(bytes)
  }

  /** The value as it was after `version` was committed. */
  getAt(treeKey: Hash, version: number): Uint8Array | undefined {
    const bytes = this.#kv.get(currentKey(treeKey))
    let record = bytes === undefined ? undefined : decodeRecord(bytes)
    while (record !== undefined && record.version > version) {
      if (record.depth === 0) return undefined
      record = this.#past(treeKey, record.jump >= version ? record.jump : record.previous)
    }
    return record?.value
  }

  /** A reader of the whole state after `version`. */
  at(version: number): StateReader {
    return { get: (treeKey) => this.getAt(treeKey, version) }
  }

  /**
   * Operations that make `writes` the newest values. Write them before the next commit is computed.
   * @param version above that of every earlier commit; never 0
   */
  commit(version: number, writes: readonly StateWrite[]): KvOperation[] {
    const operations: KvOperation[] = []
    for (const { treeKey, value } of writes) {
      const key = currentKey(treeKey)
      const bytes = this.#kv.get(key)
      if (bytes === undefined) {
        if (value === undefined) continue
        const first: ValueRecord = { depth: 0, version, previous: 0, jump: 0, value }
        operations.push({ type: 'put', key, value: encodeRecord(first) })
        operations.push({ type: 'put', key: changeKey(version, treeKey), value: EMPTY_BYTES })
        continue
      }
      const before = decodeRecord(bytes)
      assert(before.version < version, 'a state version was committed twice', { version })
      const depth = before.depth + 1
      // A digit longer than one joins the two equal ones before it: jump to where the jump of the jump lands. Where the
      // record between is pruned, so is what it pointed to.
      const jump = jumpLength(depth) === 1 ? before.version : (this.#record(treeKey, before.jump)?.jump ?? 0)
      operations.push({ type: 'put', key: historyKey(treeKey, before.version), value: bytes })
      const record: ValueRecord = { depth, version, previous: before.version, jump, value }
      operations.push({ type: 'put', key, value: encodeRecord(record) })
      operations.push({ type: 'put', key: changeKey(version, treeKey), value: EMPTY_BYTES })
    }
    return operations
  }

  /**
   * Operations that forget every version below `version`, when all below the one before are forgotten already: step by step,
   * for an archive from 1 on. Work grows with what `version` wrote.
   */
  async prune(version: number): Promise<KvOperation[]> {
    const operations: KvOperation[] = []
    // The version before has changes left where it is the first one of the store.
    for await (const [key] of this.#kv.entries(changeRange(version - 1, version))) {
      const { treeKey, version: at } = decodeChange(key)
      operations.push({ type: 'delete', key })
      if (at < version) continue
      const record = this.#past(treeKey, version)
      if (record.depth > 0) operations.push({ type: 'delete', key: historyKey(treeKey, record.previous) })
      // With everything older gone, a deleted key says nothing that absence does not.
      if (record.value === undefined && this.#isCurrent(treeKey, version)) {
        operations.push({ type: 'delete', key: currentKey(treeKey) })
      }
    }
    return operations
  }

  /** Operations that undo the newest version; none but the newest can be undone. */
  async undo(version: number): Promise<KvOperation[]> {
    const operations: KvOperation[] = []
    for await (const [key] of this.#kv.entries(changeRange(version, version))) {
      const { treeKey } = decodeChange(key)
      operations.push({ type: 'delete', key })
      const record = this.#past(treeKey, version)
      const before = record.depth === 0 ? undefined : this.#kv.get(historyKey(treeKey, record.previous))
      if (before === undefined) {
        if (record.depth > 0) throw missing(record.previous)
        operations.push({ type: 'delete', key: currentKey(treeKey) })
        continue
      }
      operations.push({ type: 'put', key: currentKey(treeKey), value: before })
      operations.push({ type: 'delete', key: historyKey(treeKey, record.previous) })
    }
    return operations
  }

  #isCurrent(treeKey: Hash, version: number): boolean {
    const bytes = this.#kv.get(currentKey(treeKey))
    return bytes !== undefined && decodeRecord(bytes).version === version
  }

  /** The record of exactly this version, superseded or not. */
  #record(treeKey: Hash, version: number): ValueRecord | undefined {
    const past = this.#kv.get(historyKey(treeKey, version))
    if (past !== undefined) return decodeRecord(past)
    const newest = this.#kv.get(currentKey(treeKey))
    const record = newest === undefined ? undefined : decodeRecord(newest)
    return record?.version === version ? record : undefined
  }

  #past(treeKey: Hash, version: number): ValueRecord {
    const record = this.#record(treeKey, version)
    if (record === undefined) throw missing(version)
    return record
  }
}

/** Writes a key's only record: of a state that was taken in whole, without its past. */
export function loneValue(version: number, treeKey: Hash, value: Uint8Array): KvOperation {
  const record = encodeRecord({ depth: 0, version, previous: 0, jump: 0, value })
  return { type: 'put', key: currentKey(treeKey), value: record }
}
