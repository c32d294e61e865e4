/**
 * State values with their past: the newest is one get away, and the value at any older version O(log changes) gets.
 *
 * The versions of a key form a list from newest to oldest in which each record also points far back. Record number d
 * jumps over the smallest block of d's skew-binary form (Myers, "An applicative random-access stack", 1983), so a walk
 * to any version takes a logarithmic number of steps, and appending a record takes at most two reads.
 *
 *     record = depth || version || previous version || jump version || present, one byte || value
 *
 * Integers are u64 big endian. Records are never removed: this is an archive.
 */
import { concatBytes, EMPTY_BYTES, type Hash, u64be } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { KvOperation, KvReader } from '../../core/kv.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'
import { PREFIX, readU64 } from './layout.ts'

interface ValueRecord {
  /** How many older records the key has. */
  readonly depth: number
  readonly version: number
  readonly previous: number
  readonly jump: number
  /** Undefined: the key was deleted. */
  readonly value: Uint8Array | undefined
}

const HEADER_BYTES = 33

const currentKey = (treeKey: Hash): Uint8Array => concatBytes(PREFIX.value, treeKey)
const historyKey = (treeKey: Hash, version: number): Uint8Array =>
  concatBytes(PREFIX.valueHistory, treeKey, u64be(version))

const encodeRecord = (r: ValueRecord): Uint8Array =>
  concatBytes(
    u64be(r.depth),
    u64be(r.version),
    u64be(r.previous),
    u64be(r.jump),
    Uint8Array.of(r.value === undefined ? 0 : 1),
    r.value ?? EMPTY_BYTES,
  )

const storedValue = (bytes: Uint8Array): Uint8Array | undefined =>
  bytes[HEADER_BYTES - 1] === 1 ? bytes.subarray(HEADER_BYTES) : undefined

const decodeRecord = (bytes: Uint8Array): ValueRecord => ({
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
        continue
      }
      const before = decodeRecord(bytes)
      assert(before.version < version, 'a state version was committed twice', { version })
      const depth = before.depth + 1
      // A digit longer than one joins the two equal ones before it: jump to where the jump of the jump lands.
      const jump = jumpLength(depth) === 1 ? before.version : this.#past(treeKey, before.jump).jump
      operations.push({ type: 'put', key: historyKey(treeKey, before.version), value: bytes })
      const record: ValueRecord = { depth, version, previous: before.version, jump, value }
      operations.push({ type: 'put', key, value: encodeRecord(record) })
    }
    return operations
  }

  #past(treeKey: Hash, version: number): ValueRecord {
    const bytes = this.#kv.get(historyKey(treeKey, version))
    if (bytes === undefined) {
      throw new QuernError('STORE_CORRUPT', 'a past state value is missing; restore the store or sync anew', {
        version,
      })
    }
    return decodeRecord(bytes)
  }
}
