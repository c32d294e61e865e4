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
import { concatBytes, putU64, readU64, u64be } from '../bytes.ts'
import { QuernError } from '../errors.ts'
import type { KvRange } from '../kv.ts'
import { decodeNode, encodeNode, NODE_EMPTY, NODE_INTERNAL, NODE_LEAF, type NodeKind, type TreeNode } from './node.ts'
import { POSITION_LENGTH } from './position.ts'

const TABLE_CURRENT = Uint8Array.of(0)
const TABLE_HISTORY = Uint8Array.of(1)
const TABLE_MARKER = Uint8Array.of(2)
const TABLE_META = Uint8Array.of(3)

const VERSION_LENGTH = 8
const MARKER_LENGTH = VERSION_LENGTH + 2

export interface CurrentNode {
  readonly version: number
  readonly node: TreeNode
}

/** A row of table 00 as its successor needs it: nothing but the kind is decoded. */
export interface Superseded {
  readonly version: number
  readonly kind: NodeKind
  /** What table 01 holds of it. */
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

function readVersion(bytes: Uint8Array, at: number, what: string): number {
  const version = readU64(bytes, at)
  if (!Number.isSafeInteger(version)) throw corrupt(what)
  return version
}

/** As its complement, so that newer versions sort first. */
function putInverted(out: Uint8Array, at: number, version: number): void {
  putU64(out, at, version)
  for (let i = at; i < at + VERSION_LENGTH; i++) out[i] = ~out[i]!
}

function readKind(byte: number | undefined, what: string): NodeKind {
  if (byte === NODE_EMPTY || byte === NODE_LEAF || byte === NODE_INTERNAL) return byte
  throw corrupt(what)
}

/** A key with room for `more` bytes behind its parts. */
function keyOf(table: Uint8Array, position: Uint8Array, more: number): Uint8Array {
  const key = new Uint8Array(table.length + position.length + more)
  key.set(table)
  key.set(position, table.length)
  return key
}

/** Rows are made for every node of every commit, so each is one array and nothing beside it. */
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
    return keyOf(this.#current, position, 0)
  }

  currentValue(version: number, node: TreeNode): Uint8Array {
    const value = encodeNode(node, VERSION_LENGTH)
    putU64(value, 0, version)
    return value
  }

  decodeCurrent(value: Uint8Array): CurrentNode {
    if (value.length <= VERSION_LENGTH) throw corrupt('node')
    return { version: readVersion(value, 0, 'node'), node: decodeNode(value, VERSION_LENGTH) }
  }

  superseded(value: Uint8Array): Superseded {
    const kind = readKind(value[VERSION_LENGTH], 'node')
    // A view where the row is outside the JavaScript heap already; of a short one a copy is cheaper.
    const encoded = kind === NODE_LEAF ? value.subarray(VERSION_LENGTH) : value.slice(VERSION_LENGTH)
    return { version: readVersion(value, 0, 'node'), kind, encoded }
  }

  historyKey(position: Uint8Array, version: number): Uint8Array {
    const key = keyOf(this.#history, position, VERSION_LENGTH)
    putInverted(key, key.length - VERSION_LENGTH, version)
    return key
  }

  /** The superseded nodes at a position of versions <= `version`, newest first. */
  historyRange(position: Uint8Array, version: number): KvRange {
    return { gte: this.historyKey(position, version), lt: concatBytes(this.historyKey(position, 0), Uint8Array.of(0)) }
  }

  markerKey(version: number, position: Uint8Array): Uint8Array {
    const at = this.#marker.length
    const key = new Uint8Array(at + VERSION_LENGTH + position.length)
    key.set(this.#marker)
    putU64(key, at, version)
    key.set(position, at + VERSION_LENGTH)
    return key
  }

  markerValue(superseded: number, kindBefore: NodeKind, kindAfter: NodeKind): Uint8Array {
    const value = new Uint8Array(MARKER_LENGTH)
    putU64(value, 0, superseded)
    value[VERSION_LENGTH] = kindBefore
    value[VERSION_LENGTH + 1] = kindAfter
    return value
  }

  /** Markers of versions in [from, to], oldest first. */
  markerRange(from: number, to: number): KvRange {
    return { gte: concatBytes(this.#marker, u64be(from)), lt: concatBytes(this.#marker, u64be(to + 1)) }
  }

  decodeMarker(key: Uint8Array, value: Uint8Array): Marker {
    const start = this.#marker.length
    if (key.length !== start + VERSION_LENGTH + POSITION_LENGTH || value.length !== MARKER_LENGTH)
      throw corrupt('marker')
    return {
      version: readVersion(key, start, 'marker'),
      position: key.slice(start + VERSION_LENGTH),
      superseded: readVersion(value, 0, 'marker'),
      kindBefore: readKind(value[VERSION_LENGTH], 'marker'),
      kindAfter: readKind(value[VERSION_LENGTH + 1], 'marker'),
    }
  }

  metaValue(latest: number, oldest: number): Uint8Array {
    return concatBytes(u64be(latest), u64be(oldest))
  }

  decodeMeta(value: Uint8Array): { readonly latest: number; readonly oldest: number } {
    if (value.length !== 2 * VERSION_LENGTH) throw corrupt('version record')
    return {
      latest: readVersion(value, 0, 'version record'),
      oldest: readVersion(value, VERSION_LENGTH, 'version record'),
    }
  }
}
