/**
 * The tree's history: version after version, each node that changed is the one its children make, each leaf is that of the
 * value its key then had, and the root is the one in the header. With the newest tree checked against the values (values.ts)
 * that binds every node and every value of every state that is here.
 */
import { decodeBlock } from '../../../consensus/block.ts'
import { EMPTY_BYTES, equalBytes, type Hash, readU64 } from '../../../core/bytes.ts'
import { messageOf } from '../../../core/errors.ts'
import { sha256 } from '../../../core/hash.ts'
import { prefixRange } from '../../../core/kv.ts'
import {
  combine,
  NODE_EMPTY,
  NODE_INTERNAL,
  NODE_LEAF,
  positionId,
  positionLevel,
  positionOf,
  type TreeNode,
  VersionedTree,
} from '../../../core/smt/index.ts'
import { type Marker, TreeLayout } from '../../../core/smt/layout.ts'
import { decodeNode, leafNode } from '../../../core/smt/node.ts'
import { childPosition } from '../../../core/smt/position.ts'
import { KEY, PREFIX } from '../layout.ts'
import { currentKey, historyKey, VersionedValues } from '../versioned-values.ts'
import type { Checked } from './checked.ts'

/** Some 30 MiB, and the upper part of a tree of a million leaves, which is read again and again. */
const MAX_NODES = 1 << 17

export async function checkPast(checked: Checked): Promise<{ readonly nodes: number }> {
  const { kv, faults, held, head, progress } = checked
  const oldest = held.statesFrom + 1
  const layout = new TreeLayout(PREFIX.tree)
  const past = new Past(checked, layout)
  if (!past.hasVersions(held.statesFrom === 0 ? 0 : oldest, head + 1)) return { nodes: 0 }
  let nodes = 0
  let superseded = 0
  for (let version = held.statesFrom === 0 ? 1 : oldest + 1; version <= head + 1; version++) {
    const changed: [key: Uint8Array, marker: Marker, node: TreeNode][] = []
    for await (const [key, value] of kv.entries(layout.markerRange(version, version))) {
      nodes++
      let row = key
      try {
        const marker = layout.decodeMarker(key, value)
        superseded += past.keeps(marker, oldest) ? 1 : 0
        row = past.rowOf(marker)
        changed.push([key, marker, past.step(marker)])
      } catch (error) {
        faults.add('past', row, `a node of the state after block ${version - 1}: ${messageOf(error)}`, version - 1)
      }
    }
    for (const [key, marker, node] of changed) {
      const told = (row: Uint8Array, why: string | undefined): void => {
        if (why !== undefined) {
          faults.add('past', row, `a node of the state after block ${version - 1} ${why}`, version - 1)
        }
      }
      told(key, past.wrongMarker(marker, node))
      told(past.rowOf(marker), await past.wrongNode(marker, node))
      told(past.valueRow(marker, node) ?? key, past.wrongValue(marker, node))
    }
    await checkRoot(past, checked, version)
    await progress.tick('past', version - oldest + 1, head + 2 - oldest)
  }
  await checkHistoryCount(checked, layout, superseded, nodes)
  return { nodes }
}

async function checkRoot(past: Past, { kv, faults }: Checked, version: number): Promise<void> {
  const bytes = kv.get(KEY.block(version - 1))
  if (bytes === undefined) return
  try {
    const { stateRoot } = decodeBlock(bytes).header
    if (equalBytes(await past.rootAt(version), stateRoot)) return
    const what = `the tree after block ${version - 1} has another root than its header`
    faults.add('past', KEY.block(version - 1), what, version - 1)
  } catch {
    // Told where the blocks and the nodes are checked.
  }
}

/**
 * Every superseded node is named by the marker of what took its place, and every node above the oldest version by its own.
 * A look at each is needed only where the numbers differ.
 */
async function checkHistoryCount(
  checked: Checked,
  layout: TreeLayout,
  superseded: number,
  marked: number,
): Promise<void> {
  const { kv, faults, held } = checked
  const named = held.statesFrom === 0 ? 0 : held.statesFrom + 1
  const current = prefixRange(layout.currentKey(EMPTY_BYTES))
  const history = prefixRange(layout.historyKey(EMPTY_BYTES, 0).subarray(0, PREFIX.tree.length + 1))
  const nodes = async function* (): AsyncGenerator<
    Pick<Marker, 'position' | 'version'> & { readonly isPast: boolean }
  > {
    for await (const [key, value] of kv.entries(current)) {
      if (value.length > 8) yield { position: key.slice(2), version: readU64(value), isPast: false }
    }
    for await (const [key] of kv.entries(history)) {
      const version = readU64(key.slice(-8).map((byte) => ~byte))
      yield { position: key.slice(2, -8), version, isPast: true }
    }
  }
  const found = { past: 0, above: 0 }
  for await (const { version, isPast } of nodes()) {
    if (isPast) found.past++
    if (version > named) found.above++
  }
  if (found.past !== superseded) {
    const what = `the tree has ${found.past} superseded nodes, and ${superseded} were superseded`
    faults.add('past', history.gte!, what)
  }
  if (found.above === marked) return
  for await (const { position, version } of nodes()) {
    const key = layout.markerKey(version, position)
    if (version > named && kv.get(key) === undefined) faults.add('past', key, 'a node of the tree has no marker')
  }
}

class Past {
  readonly #checked: Checked
  readonly #layout: TreeLayout
  readonly #tree: VersionedTree
  readonly #values: VersionedValues
  /** Nodes as they are at the version that the walk has come to. */
  readonly #now = new Map<string, TreeNode>()

  constructor(checked: Checked, layout: TreeLayout) {
    this.#checked = checked
    this.#layout = layout
    this.#tree = new VersionedTree(checked.kv, PREFIX.tree)
    this.#values = new VersionedValues(checked.kv)
  }

  hasVersions(oldest: number, newest: number): boolean {
    const { faults } = this.#checked
    try {
      if (this.#tree.oldest === oldest && this.#tree.latest === newest) return true
      faults.add(
        'past',
        this.#layout.metaKey,
        `the tree says that it has versions ${this.#tree.oldest} to ${this.#tree.latest}`,
      )
    } catch (error) {
      faults.add('past', this.#layout.metaKey, `the versions of the tree cannot be read (${messageOf(error)})`)
    }
    return false
  }

  rootAt(version: number): Promise<Hash> {
    return this.#tree.rootAt(version)
  }

  /** Whether what this marker's node superseded has to be here: pruning takes what was emptied before. */
  keeps({ superseded, kindBefore }: Marker, oldest: number): boolean {
    return superseded !== 0 && !(kindBefore === NODE_EMPTY && superseded <= oldest)
  }

  /** Goes on to what this marker's version put there. @throws Error, or QuernError `NODE_INVALID` */
  step({ position, version }: Marker): TreeNode {
    const node = this.#exactly(position, version)
    if (node === undefined) throw new Error('it is missing')
    this.#remember(positionId(position), node)
    return node
  }

  /** Key of the row that holds, or should hold, the node that a marker names. */
  rowOf({ position, version }: Marker): Uint8Array {
    const past = this.#layout.historyKey(position, version)
    return this.#checked.kv.get(past) === undefined ? this.#layout.currentKey(position) : past
  }

  valueRow({ version }: Marker, node: TreeNode): Uint8Array | undefined {
    if (node.kind !== NODE_LEAF) return undefined
    const past = historyKey(node.key, version)
    return this.#checked.kv.get(past) === undefined ? currentKey(node.key) : past
  }

  wrongMarker(marker: Marker, node: TreeNode): string | undefined {
    const { position, superseded, kindBefore, kindAfter } = marker
    if (node.kind !== kindAfter) return 'is of another kind than its marker says'
    if (superseded !== 0 && this.keeps(marker, this.#checked.held.statesFrom + 1)) {
      const before = this.#checked.kv.get(this.#layout.historyKey(position, superseded))
      if (before === undefined) return 'superseded one that is missing'
      if (decodeNode(before).kind !== kindBefore) return 'superseded one of another kind'
    }
    return undefined
  }

  async wrongNode({ position, version }: Marker, node: TreeNode): Promise<string | undefined> {
    const level = positionLevel(position)
    if (node.kind === NODE_INTERNAL) {
      const path = position.subarray(0, 32)
      const left = await this.#nodeNow(childPosition(path, level, 0), version)
      const right = await this.#nodeNow(childPosition(path, level, 1), version)
      const made = combine<TreeNode>(left, right)
      return made.kind === NODE_INTERNAL && equalBytes(made.hash, node.hash) ? undefined : 'is not that of its children'
    }
    if (node.kind === NODE_EMPTY) return undefined
    const { key, valueHash, hash } = node
    if (!equalBytes(hash, leafNode(key, valueHash).hash)) return 'has another hash than its leaf'
    return equalBytes(positionOf(key, level), position) ? undefined : 'stands off the path of its key'
  }

  wrongValue({ version }: Marker, node: TreeNode): string | undefined {
    if (node.kind !== NODE_LEAF) return undefined
    try {
      const value = this.#values.getAt(node.key, version)
      if (value !== undefined && equalBytes(sha256(value), node.valueHash)) return undefined
      return 'is not the leaf of its value'
    } catch (error) {
      return `cannot be held against its value (${messageOf(error)})`
    }
  }

  /** At the version that the walk has come to. */
  async #nodeNow(position: Uint8Array, version: number): Promise<TreeNode> {
    const id = positionId(position)
    const known = this.#now.get(id)
    if (known !== undefined) return known
    const node = await this.#tree.nodeAt(position, version)
    this.#remember(id, node)
    return node
  }

  #remember(id: string, node: TreeNode): void {
    // Last in the order of keys: what is let go of is what did not change for longest.
    this.#now.delete(id)
    this.#now.set(id, node)
    if (this.#now.size > MAX_NODES) {
      for (const oldest of this.#now.keys()) {
        this.#now.delete(oldest)
        break
      }
    }
  }

  /** The node that exactly this version put there. */
  #exactly(position: Uint8Array, version: number): TreeNode | undefined {
    const { kv } = this.#checked
    const current = kv.get(this.#layout.currentKey(position))
    const newest = current === undefined ? undefined : this.#layout.decodeCurrent(current)
    if (newest?.version === version) return newest.node
    const past = kv.get(this.#layout.historyKey(position, version))
    return past === undefined ? undefined : decodeNode(past)
  }
}
