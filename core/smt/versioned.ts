/**
 * The tree on a key-value store, with its past. Each commit is one version; between the oldest version kept and the
 * latest, every version can be read, proved and rolled back to. Layout: layout.ts.
 *
 * Nothing is written here: each change answers the operations, so that they reach the disk in one atomic batch with
 * whatever else the caller writes. Write them before the next change is computed.
 */
import { EMPTY_BYTES, type Hash, hexKey } from '../bytes.ts'
import { QuernError } from '../errors.ts'
import type { KvOperation, KvReader } from '../kv.ts'
import { TreeLayout } from './layout.ts'
import { decodeNode, EMPTY_NODE, NODE_EMPTY, NODE_INTERNAL, type NodeReader, type TreeNode } from './node.ts'
import { childPosition, positionFromId, positionId, positionOf, ROOT_POSITION, splitAt } from './position.ts'
import type { TreeUpdate } from './update.ts'

export class VersionedTree {
  readonly #kv: KvReader
  readonly #layout: TreeLayout

  /** @param prefix begins every key of this tree in the store; prefix-free against everything else there */
  constructor(kv: KvReader, prefix: Uint8Array = EMPTY_BYTES) {
    this.#kv = kv
    this.#layout = new TreeLayout(prefix)
  }

  /** The newest version; 0 before the first commit. */
  get latest(): number {
    return this.#versions().latest
  }

  /** The oldest version that can be read and rolled back to. Version 0 is the empty tree. */
  get oldest(): number {
    return this.#versions().oldest
  }

  /** Root of the latest version; zero for an empty tree. */
  get root(): Hash {
    return (this.read(ROOT_POSITION) ?? EMPTY_NODE).hash
  }

  /** The latest version, one synchronous get for each node. Bound, so that it can be passed on as a `NodeReader`. */
  readonly read: NodeReader = (position: Uint8Array): TreeNode | undefined => {
    const value = this.#kv.get(this.#layout.currentKey(position))
    return value === undefined ? undefined : this.#layout.decodeCurrent(value).node
  }

  /**
   * Operations that make `update`, computed against the latest version, the new latest one.
   * @param version above the latest; versions may be skipped
   * @throws QuernError `TREE_VERSION_INVALID`
   */
  commit(version: number, update: TreeUpdate): KvOperation[] {
    const { latest, oldest } = this.#versions()
    if (!Number.isSafeInteger(version) || version <= latest) {
      throw new QuernError('TREE_VERSION_INVALID', 'a commit needs a version above the latest', { version, latest })
    }
    const operations: KvOperation[] = []
    for (const [id, node] of update.nodes) {
      const position = positionFromId(id)
      const currentKey = this.#layout.currentKey(position)
      const stored = this.#kv.get(currentKey)
      const before = stored === undefined ? undefined : this.#layout.superseded(stored)
      const kindBefore = before?.kind ?? NODE_EMPTY
      if (kindBefore === NODE_EMPTY && node.kind === NODE_EMPTY) continue
      if (before !== undefined) {
        const key = this.#layout.historyKey(position, before.version)
        operations.push({ type: 'put', key, value: before.encoded })
      }
      operations.push({ type: 'put', key: currentKey, value: this.#layout.currentValue(version, node) })
      const marker = this.#layout.markerValue(before?.version ?? 0, kindBefore, node.kind)
      operations.push({ type: 'put', key: this.#layout.markerKey(version, position), value: marker })
    }
    operations.push({ type: 'put', key: this.#layout.metaKey, value: this.#layout.metaValue(version, oldest) })
    return operations
  }

  /**
   * Operations that undo every version above `version`: the store is then what it was, byte for byte, unless pruned
   * in between. Work grows with the nodes changed since.
   * @throws QuernError `TREE_VERSION_INVALID` `TREE_STORE_CORRUPT`
   */
  async rollback(version: number): Promise<KvOperation[]> {
    const { latest, oldest } = this.#versions()
    this.#assertKept(version)
    const operations: KvOperation[] = []
    const restored = new Set<string>()
    for await (const [key, value] of this.#kv.entries(this.#layout.markerRange(version + 1, latest))) {
      const { position, superseded, kindBefore } = this.#layout.decodeMarker(key, value)
      operations.push({ type: 'delete', key })
      const historyKey = this.#layout.historyKey(position, superseded)
      if (superseded !== 0) operations.push({ type: 'delete', key: historyKey })
      // Markers come oldest first: the first one of a position names the node that stood at `version`.
      const id = positionId(position)
      if (restored.has(id)) continue
      restored.add(id)
      const currentKey = this.#layout.currentKey(position)
      const encoded = superseded === 0 ? undefined : this.#kv.get(historyKey)
      if (encoded !== undefined) {
        const value = this.#layout.currentValue(superseded, decodeNode(encoded))
        operations.push({ type: 'put', key: currentKey, value })
      } else if (kindBefore === NODE_EMPTY) {
        // Nothing stood here, or a tombstone that pruning has taken since.
        operations.push({ type: 'delete', key: currentKey })
      } else {
        throw new QuernError('TREE_STORE_CORRUPT', 'a superseded node is missing; restore the store from a snapshot', {
          position: hexKey(position),
          version: superseded,
        })
      }
    }
    const meta = this.#layout.metaKey
    operations.push(
      version === 0
        ? { type: 'delete', key: meta }
        : { type: 'put', key: meta, value: this.#layout.metaValue(version, oldest) },
    )
    return operations
  }

  /**
   * Operations that forget every version below `version`, and only nodes that no version from there on needs. Work
   * grows with the nodes changed between; call it as often as commit and it stays as small.
   * @throws QuernError `TREE_VERSION_INVALID`
   */
  async prune(version: number): Promise<KvOperation[]> {
    const { latest, oldest } = this.#versions()
    if (version <= oldest) return []
    this.#assertKept(version)
    const operations: KvOperation[] = []
    // Those below the oldest are deleted: reading past what a store remembers of them costs more the longer it lives.
    for await (const [key, value] of this.#kv.entries(this.#layout.markerRange(oldest, version))) {
      const { version: since, position, superseded, kindAfter } = this.#layout.decodeMarker(key, value)
      operations.push({ type: 'delete', key })
      if (superseded !== 0) {
        operations.push({ type: 'delete', key: this.#layout.historyKey(position, superseded) })
      }
      // With everything older gone, a tombstone says nothing that absence does not.
      if (kindAfter === NODE_EMPTY) {
        operations.push({ type: 'delete', key: this.#layout.historyKey(position, since) })
        if (this.#current(position)?.version === since) {
          operations.push({ type: 'delete', key: this.#layout.currentKey(position) })
        }
      }
    }
    operations.push({ type: 'put', key: this.#layout.metaKey, value: this.#layout.metaValue(latest, version) })
    return operations
  }

  /**
   * The node at a position in a version that is kept: one get if it has not changed since, else one seek.
   * @throws QuernError `TREE_VERSION_INVALID`
   */
  async nodeAt(position: Uint8Array, version: number): Promise<TreeNode> {
    this.#assertKept(version)
    const current = this.#current(position)
    if (current === undefined) return EMPTY_NODE
    if (current.version <= version) return current.node
    const range = { ...this.#layout.historyRange(position, version), limit: 1 }
    for await (const [, encoded] of this.#kv.entries(range)) return decodeNode(encoded)
    return EMPTY_NODE
  }

  /** Root of a version that is kept. */
  async rootAt(version: number): Promise<Hash> {
    return (await this.nodeAt(ROOT_POSITION, version)).hash
  }

  /**
   * A synchronous reader of a past version, loaded with the nodes on the paths of `keys` and their siblings: what a
   * proof of these keys needs. It throws `TREE_NODE_NOT_LOADED` for any other position.
   * @param keys strictly ascending
   * @throws QuernError `TREE_VERSION_INVALID`
   */
  async readerAt(version: number, keys: readonly Hash[]): Promise<NodeReader> {
    const nodes = new Map<string, TreeNode>()
    const keyed = keys.map((key) => ({ key }))
    const load = async (position: Uint8Array): Promise<TreeNode> => {
      const node = await this.nodeAt(position, version)
      nodes.set(positionId(position), node)
      return node
    }
    const descend = async (level: number, from: number, to: number): Promise<void> => {
      const { key } = keyed[from]!
      if ((await load(positionOf(key, level))).kind !== NODE_INTERNAL) return
      const middle = splitAt(keyed, from, to, level)
      if (from < middle) await descend(level + 1, from, middle)
      else await load(childPosition(key, level, 0))
      if (middle < to) await descend(level + 1, middle, to)
      else await load(childPosition(key, level, 1))
    }
    if (keyed.length > 0) await descend(0, 0, keyed.length)
    return (position) => {
      const node = nodes.get(positionId(position))
      if (node === undefined) {
        throw new QuernError('TREE_NODE_NOT_LOADED', 'name every key when loading a past version', {
          position: hexKey(position),
        })
      }
      return node
    }
  }

  #versions(): { readonly latest: number; readonly oldest: number } {
    const value = this.#kv.get(this.#layout.metaKey)
    return value === undefined ? { latest: 0, oldest: 0 } : this.#layout.decodeMeta(value)
  }

  #current(position: Uint8Array) {
    const value = this.#kv.get(this.#layout.currentKey(position))
    return value === undefined ? undefined : this.#layout.decodeCurrent(value)
  }

  #assertKept(version: number): void {
    const { latest, oldest } = this.#versions()
    if (!Number.isSafeInteger(version) || version < oldest || version > latest) {
      throw new QuernError('TREE_VERSION_INVALID', 'this version is not kept; ask for one between oldest and latest', {
        version,
        oldest,
        latest,
      })
    }
  }
}
