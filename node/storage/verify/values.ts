/**
 * State values with their history, key by key: the records of a key follow one another, the table of changes names each of
 * them, and the values at the newest and at the oldest state that is here are those under the roots of their headers. What
 * lies between is bound by the tree's own history (tree.ts).
 */
import { decodeBlock } from '../../../consensus/block.ts'
import { equalBytes, type Hash, hexKey, readU64 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { type KvRange, prefixRange } from '../../../core/kv.ts'
import { NODE_LEAF, type TreeNode } from '../../../core/smt/index.ts'
import { TreeLayout } from '../../../core/smt/layout.ts'
import { decodeNode, encodeNode } from '../../../core/smt/node.ts'
import { KEY, PREFIX } from '../layout.ts'
import { changeKey, currentKey, decodeRecord, historyKey, jumpLength, type ValueRecord } from '../versioned-values.ts'
import type { Checked } from './checked.ts'
import { TreeFromLeaves } from './tree-from-leaves.ts'

/** A tree key in the middle of a key of both tables. */
const TREE_KEY_AT = 1
const TREE_KEY_END = 33
const RECORD_HEADER_BYTES = 33

/** Versions that are here, and after which the table of changes names every change. */
interface Span {
  readonly oldest: number
  readonly newest: number
  readonly named: number
}

/** Keys of rows that differ from what they should be, if the others are right. */
interface Differing {
  readonly tree: Uint8Array[]
  readonly values: Uint8Array[]
}

const addTo = (list: Uint8Array[], key: Uint8Array): void => {
  if (list.length < MAX_DIFFERING) list.push(key)
}

/** A node of a version against the one stored for it: the newest, if it is as old, or the newest superseded one that is. */
async function compareNode(
  { kv }: Checked,
  layout: TreeLayout,
  position: Uint8Array,
  node: TreeNode,
  version: number,
  differing: Differing,
): Promise<void> {
  let key = layout.currentKey(position)
  const current = kv.get(key)
  let stored =
    current !== undefined && current.length > 8 && readU64(current) <= version ? current.subarray(8) : undefined
  if (stored === undefined) {
    for await (const [past, value] of kv.entries({ ...layout.historyRange(position, version), limit: 1 })) {
      key = past
      stored = value
    }
  }
  if (stored !== undefined && equalBytes(stored, encodeNode(node))) return
  addTo(differing.tree, key)
  if (node.kind !== NODE_LEAF) return
  for await (const [past] of kv.entries(historyUpTo(node.key, version))) return addTo(differing.values, past)
  addTo(differing.values, currentKey(node.key))
}

/** The newest record of a key at or below a version, where it is superseded. */
const historyUpTo = (treeKey: Hash, version: number): KvRange => ({
  gte: historyKey(treeKey, 0),
  lt: historyKey(treeKey, version + 1),
  reverse: true,
  limit: 1,
})

/** Above so many the single ones say no more. */
const MAX_DIFFERING = 1_000

interface Row {
  readonly key: Uint8Array
  readonly treeKey: Hash
  readonly record: ValueRecord | undefined
}

export interface ValueCounts {
  keys: number
  records: number
}

/** Tree keys are hashes, so the first bytes of one say how much of a walk in their order is done. */
const shareOf = (treeKey: Hash): number => (treeKey[0]! << 16) | (treeKey[1]! << 8) | treeKey[2]!
const WHOLE = 1 << 24

export async function checkValues(checked: Checked): Promise<ValueCounts> {
  const { kv, faults, held, head, progress } = checked
  const span: Span = {
    oldest: held.statesFrom + 1,
    newest: head + 1,
    named: held.statesFrom === 0 ? 0 : held.statesFrom + 1,
  }
  const { oldest } = span
  const treeLayout = new TreeLayout(PREFIX.tree)
  const seen = { nodes: 0 }
  const differing: Differing = { tree: [], values: [] }
  const atHead = new TreeFromLeaves((position, node) => {
    seen.nodes++
    const key = treeLayout.currentKey(position)
    const stored = kv.get(key)
    if (stored === undefined || stored.length <= 8 || readU64(stored) > span.newest) addTo(differing.tree, key)
    else if (!equalBytes(stored.subarray(8), encodeNode(node))) {
      addTo(differing.tree, key)
      if (node.kind === NODE_LEAF) addTo(differing.values, currentKey(node.key))
    }
  })
  // As the newest tree, where pruning left nothing that names its nodes one by one.
  const oldestNodes: [position: Uint8Array, node: TreeNode][] = []
  const isPruned = held.statesFrom > 0 && held.statesFrom < head
  const atOldest = new TreeFromLeaves(isPruned ? (position, node) => oldestNodes.push([position, node]) : undefined)
  const differingPast: Differing = { tree: [], values: [] }
  const compareOldest = async (): Promise<void> => {
    for (const [position, node] of oldestNodes.splice(0)) {
      await compareNode(checked, treeLayout, position, node, oldest, differingPast)
    }
  }
  const counts: ValueCounts = { keys: 0, records: 0 }
  let changes = 0
  for await (const { treeKey, rows, current } of keysOf(checked)) {
    counts.keys++
    counts.records += rows.length
    changes += checkChain(checked, rows, span)
    if (current === undefined) faults.add('state', currentKey(treeKey), 'a key has a past and no newest record')
    else if (current.record?.value !== undefined) atHead.add(treeKey, sha256(current.record.value))
    const past = rows.findLast(({ record }) => record !== undefined && record.version <= oldest)
    if (past?.record?.value !== undefined) atOldest.add(treeKey, sha256(past.record.value))
    await compareOldest()
    await progress.tick('values', shareOf(treeKey), WHOLE)
  }
  await progress.tick('values', WHOLE, WHOLE)
  // Where the values have the root that the header names, they are right, and the tree beside them is not.
  const isRight = compareRoot(checked, atHead.root(), head, 'state')
  for (const key of isRight ? differing.tree : [])
    faults.add('tree', key, 'a node of the tree is not that of the values')
  for (const key of isRight ? [] : differing.values) faults.add('state', key, 'a value is not the one in the tree')
  if (held.statesFrom < head) {
    const isPastRight = compareRoot(checked, atOldest.root(), held.statesFrom, 'past')
    await compareOldest()
    for (const key of isPastRight ? differingPast.tree : []) faults.add('past', key, 'a node is not that of the values')
    for (const key of isPastRight ? [] : differingPast.values)
      faults.add('past', key, 'a value is not the one in the tree')
  }
  await checkChanges(checked, changes, span.named)
  await checkNodeCount(checked, treeLayout, seen.nodes)
  return counts
}

function compareRoot({ kv, faults }: Checked, root: Hash, height: number, kind: 'state' | 'past'): boolean {
  const bytes = kv.get(KEY.block(height))
  if (bytes === undefined) return false
  try {
    if (equalBytes(decodeBlock(bytes).header.stateRoot, root)) return true
  } catch {
    // Told where the blocks are checked.
    return false
  }
  const table = kind === 'state' ? PREFIX.value : PREFIX.valueHistory
  faults.add(kind, table, `the values after block ${height} are not those under its stateRoot`, height)
  return false
}

interface KeyRows {
  readonly treeKey: Hash
  /** Oldest first, the current one last. */
  readonly rows: readonly Row[]
  readonly current: Row | undefined
}

/** Both tables side by side: they stand in the order of the same keys. */
async function* keysOf({ kv, faults }: Checked): AsyncGenerator<KeyRows> {
  const history = rowsOf(PREFIX.valueHistory, TREE_KEY_END + 8)
  let past = await history.next()
  async function* pastUpTo(treeKey: string): AsyncGenerator<KeyRows & { readonly id: string }> {
    while (past.done !== true && hexKey(past.value.treeKey) <= treeKey) {
      const id = hexKey(past.value.treeKey)
      const { treeKey: own } = past.value
      const rows: Row[] = []
      while (past.done !== true && hexKey(past.value.treeKey) === id) {
        rows.push(past.value)
        past = await history.next()
      }
      yield { treeKey: own, rows, current: undefined, id }
    }
  }
  for await (const current of rowsOf(PREFIX.value, TREE_KEY_END)) {
    const id = hexKey(current.treeKey)
    let rows: readonly Row[] = []
    for await (const before of pastUpTo(id)) {
      if (before.id === id) rows = before.rows
      else yield before
    }
    yield { treeKey: current.treeKey, rows: [...rows, current], current }
  }
  yield* pastUpTo('g')

  async function* rowsOf(prefix: Uint8Array, length: number): AsyncGenerator<Row> {
    for await (const [key, bytes] of kv.entries(prefixRange(prefix))) {
      if (key.length !== length) {
        faults.add('stray', key, 'is no key of a state value')
        continue
      }
      const isRecord = bytes.length >= RECORD_HEADER_BYTES && bytes[RECORD_HEADER_BYTES - 1]! <= 1
      if (!isRecord) faults.add(prefix === PREFIX.value ? 'state' : 'past', key, 'is no record of a value')
      const record = isRecord ? decodeRecord(bytes) : undefined
      const isNamed = record === undefined || length === TREE_KEY_END || record.version === readU64(key, TREE_KEY_END)
      if (!isNamed) faults.add('past', key, 'is the record of another version')
      yield { key, treeKey: key.slice(TREE_KEY_AT, TREE_KEY_END), record }
    }
  }
}

/** @returns how many changes the table of changes must name for this key */
function checkChain({ kv, faults }: Checked, rows: readonly Row[], { oldest, newest, named }: Span): number {
  let changes = 0
  const versions: number[] = []
  let before: ValueRecord | undefined
  for (const [i, { key, treeKey, record }] of rows.entries()) {
    if (record === undefined) continue
    const { depth, version, previous, jump } = record
    const kind = i === rows.length - 1 ? 'state' : 'past'
    const first = depth - versions.length
    if (depth >= version || jump >= version) {
      faults.add(kind, key, 'has more records before it than there are versions')
    } else if (
      before !== undefined &&
      (depth !== before.depth + 1 || previous !== before.version || version <= previous)
    ) {
      faults.add(kind, key, 'does not follow the record before it')
    } else if (
      before === undefined &&
      (depth === 0 ? previous !== 0 || jump !== 0 : previous >= version || version > oldest || named === 0)
    ) {
      faults.add(kind, key, 'is the oldest record of its key and follows one that is missing')
    } else if (depth > 0 && before !== undefined) {
      // Where it points to is here, or pruned: then it points below all that is here.
      const target = depth - jumpLength(depth) - first
      const isRight = target >= 0 ? jump === versions[target] : jump <= oldest && jump < version
      if (!isRight) faults.add(kind, key, 'points to another record than it should')
    }
    if (version > newest) faults.add(kind, key, 'is from after the head')
    const next = rows[i + 1]?.record
    if (next !== undefined && next.version <= oldest) faults.add('past', key, 'is older than what is kept')
    if (version > named) {
      changes++
      if (kv.get(changeKey(version, treeKey)) === undefined) {
        faults.add('index', changeKey(version, treeKey), 'the table of changes lacks a change')
      }
    }
    versions.push(version)
    before = record
  }
  return changes
}

/** Changes of the first version of a store that was never an archive are of no use and no fault: pruning passes over them. */
async function checkChanges({ kv, faults }: Checked, wanted: number, named: number): Promise<void> {
  let found = 0
  for await (const [key, value] of kv.entries(prefixRange(PREFIX.change))) {
    if (key.length !== 41 || value.length > 0) faults.add('stray', key, 'is no row of the table of changes')
    else if (readU64(key, 1) > named) found++
  }
  if (found === wanted) return
  for await (const [key] of kv.entries(prefixRange(PREFIX.change))) {
    const version = key.length === 41 ? readU64(key, 1) : 0
    if (version <= named) continue
    const treeKey = key.slice(9)
    const current = kv.get(currentKey(treeKey))
    const isNewest = current !== undefined && current.length >= 16 && decodeRecord(current).version === version
    if (!isNewest && kv.get(historyKey(treeKey, version)) === undefined) {
      faults.add('stray', key, 'names a change that there is not')
    }
  }
}

/** Each node was compared where the values led to it: are there others? Places that were emptied count for none. */
async function checkNodeCount({ kv, faults }: Checked, layout: TreeLayout, wanted: number): Promise<void> {
  let found = 0
  const range = prefixRange(layout.currentKey(new Uint8Array(0)))
  for await (const [key, value] of kv.entries(range)) {
    if (value.length === 9 && value[8] === 0) continue
    found++
    try {
      decodeNode(value.subarray(8))
    } catch {
      faults.add('tree', key, 'is no node of a tree')
    }
  }
  if (found !== wanted) faults.add('tree', range.gte!, `the tree has ${found} nodes, and its values make ${wanted}`)
}
