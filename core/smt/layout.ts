/**
 * How a versioned tree lies in the key-value store, below the caller's prefix. Version = u64 big endian, never 0.
 *
 *     00 || position                        version || node        the newest node: one synchronous get
 *     01 || position || bitwise-not version node                   superseded nodes; a forward seek finds the newest <= v
 *     02 || version || position             superseded version (0: none) || kind before || kind after
 *     03                                    latest version || oldest version kept
 *
 * A row of table 02 is the stale marker of the node it names; it also marks nodes that superseded nothing, which is
 * what rollback has to remove. An emptied position keeps an empty node (tombstone) until pruning passes it.
 */
import { concatBytes } from '../bytes.ts'
import { QuernError } from '../errors.ts'
import type { KvRange } from '../kv.ts'
import type { NodeKind } from './node.ts'
import { POSITION_LENGTH } from './position.ts'

const TABLE_CURRENT = Uint8Array.of(0)
const TABLE_HISTORY = Uint8Array.of(1)
const TABLE_MARKER = Uint8Array.of(2)
const TABLE_META = Uint8Array.of(3)

const VERSION_LENGTH = 8
const MARKER_LENGTH = VERSION_LENGTH + 2

export interface CurrentRecord {
  readonly version: number
  /** The encoding of the node. */
  readonly encoded: Uint8Array
}

export interface Marker {
  readonly version: number
  readonly position: Uint8Array
  /** The version whose node was superseded; 0 when the position had none. */
  readonly superseded: number
  readonly kindBefore: NodeKind
  readonly kindAfter: NodeKind
}

const corrupt = (what: string): QuernError =>
  new QuernError('TREE_STORE_CORRUPT', `stored tree ${what} is malformed; restore the store from a snapshot`)

function versionBytes(version: number): Uint8Array {
  const out = new Uint8Array(VERSION_LENGTH)
  const view = new DataView(out.buffer)
  view.setUint32(0, Math.floor(version / 2 ** 32))
  view.setUint32(4, version >>> 0)
  return out
}

function readVersion(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
}

const inverted = (version: number): Uint8Array => versionBytes(version).map((byte) => ~byte)

function readKind(byte: number | undefined): NodeKind {
  if (byte === 0 || byte === 1 || byte === 2) return byte
  throw corrupt('marker')
}

export class TreeLayout {
  readonly metaKey: Uint8Array
  readonly #current: Uint8Array
  readonly #history: Uint8Array
  readonly #marker: Uint8Array

  constructor(prefix: Uint8Array) {
    this.metaKey = concatBytes(prefix, TABLE_META)
    this.#current = concatBytes(prefix, TABLE_CURRENT)
    this.#history = concatBytes(prefix, TABLE_HISTORY)
    this.#marker = concatBytes(prefix, TABLE_MARKER)
  }

  currentKey(position: Uint8Array): Uint8Array {
    return concatBytes(this.#current, position)
  }

  currentValue(version: number, encoded: Uint8Array): Uint8Array {
    return concatBytes(versionBytes(version), encoded)
  }

  decodeCurrent(value: Uint8Array): CurrentRecord {
    if (value.length <= VERSION_LENGTH) throw corrupt('node')
    return { version: readVersion(value, 0), encoded: value.subarray(VERSION_LENGTH) }
  }

  historyKey(position: Uint8Array, version: number): Uint8Array {
    return concatBytes(this.#history, position, inverted(version))
  }

  /** The superseded nodes at a position of versions <= `version`, newest first. */
  historyRange(position: Uint8Array, version: number): KvRange {
    return { gte: this.historyKey(position, version), lt: concatBytes(this.historyKey(position, 0), Uint8Array.of(0)) }
  }

  markerKey(version: number, position: Uint8Array): Uint8Array {
    return concatBytes(this.#marker, versionBytes(version), position)
  }

  markerValue(superseded: number, kindBefore: NodeKind, kindAfter: NodeKind): Uint8Array {
    return concatBytes(versionBytes(superseded), Uint8Array.of(kindBefore, kindAfter))
  }

  /** Markers of versions in [from, to], oldest first. */
  markerRange(from: number, to: number): KvRange {
    return { gte: concatBytes(this.#marker, versionBytes(from)), lt: concatBytes(this.#marker, versionBytes(to + 1)) }
  }

  decodeMarker(key: Uint8Array, value: Uint8Array): Marker {
    const start = this.#marker.length
    if (key.length !== start + VERSION_LENGTH + POSITION_LENGTH || value.length !== MARKER_LENGTH)
      throw corrupt('marker')
    return {
      version: readVersion(key, start),
      position: key.slice(start + VERSION_LENGTH),
      superseded: readVersion(value, 0),
      kindBefore: readKind(value[VERSION_LENGTH]),
      kindAfter: readKind(value[VERSION_LENGTH + 1]),
    }
  }

  metaValue(latest: number, oldest: number): Uint8Array {
    return concatBytes(versionBytes(latest), versionBytes(oldest))
  }

  decodeMeta(value: Uint8Array): { readonly latest: number; readonly oldest: number } {
    if (value.length !== 2 * VERSION_LENGTH) throw corrupt('version record')
    return { latest: readVersion(value, 0), oldest: readVersion(value, VERSION_LENGTH) }
  }
}
