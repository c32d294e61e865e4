/**
 * Forgetting every state but the newest, whatever is left of the others: the newest values are the source, and the tree is
 * built over them anew. For a store whose past is damaged, where pruning, which follows it, would stumble.
 *
 * Cut short it leaves a store whose newest values are as they were; run again, it does all of it again.
 */
import { equalBytes, readU64, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { type KvOperation, type KvRange, type KvStore, prefixRange } from '../../core/kv.ts'
import { TreeLayout } from '../../core/smt/layout.ts'
import { decodeHeld, encodeHeld, KEY, PREFIX } from './layout.ts'
import { TreeFromLeaves } from './verify/tree-from-leaves.ts'
import { decodeRecord } from './versioned-values.ts'

/** Operations in one batch: some hundred KB. */
const BATCH = 4_096

/**
 * @param stateRoot of the head
 * @throws QuernError `STATE_DAMAGED` when the newest values are not those under it: nothing is changed then
 */
export async function flatten(kv: KvStore, stateRoot: Uint8Array): Promise<void> {
  const height = readU64(kv.get(KEY.head) ?? u64be(0))
  if (!equalBytes(await rootOf(kv), stateRoot)) {
    throw new QuernError('STATE_DAMAGED', 'the newest state is damaged: cut the chain back with --to, or sync anew')
  }
  const { blocksFrom } = decodeHeld(kv.get(KEY.held))
  // First of all: from now on nobody reads a state that is about to go.
  const held = encodeHeld({ blocksFrom, statesFrom: height })
  await kv.write([{ type: 'put', key: KEY.held, value: held }], { sync: true })
  for (const table of [PREFIX.valueHistory, PREFIX.change, PREFIX.tree]) await clear(kv, prefixRange(table))
  await buildTree(kv, height + 1)
}

async function rootOf(kv: KvStore): Promise<Uint8Array> {
  const tree = new TreeFromLeaves()
  for await (const [key, value] of kv.entries(prefixRange(PREFIX.value))) addLeaf(tree, key, value)
  return tree.root()
}

function addLeaf(tree: TreeFromLeaves, key: Uint8Array, bytes: Uint8Array): void {
  const { value } = decodeRecord(bytes)
  if (value !== undefined) tree.add(key.slice(1), sha256(value))
}

async function buildTree(kv: KvStore, version: number): Promise<void> {
  const layout = new TreeLayout(PREFIX.tree)
  let batch: KvOperation[] = []
  const tree = new TreeFromLeaves((position, node) => {
    const value = layout.currentValue(version, node)
    batch.push({ type: 'put', key: layout.currentKey(position), value })
  })
  for await (const [key, value] of kv.entries(prefixRange(PREFIX.value))) {
    // A deleted key said something only while its past was here.
    if (decodeRecord(value).value === undefined) batch.push({ type: 'delete', key: key.slice() })
    else addLeaf(tree, key, value)
    if (batch.length < BATCH) continue
    await kv.write(batch)
    batch = []
  }
  tree.root()
  // Last: a tree without its versions is no tree yet.
  batch.push({ type: 'put', key: layout.metaKey, value: layout.metaValue(version, version) })
  await kv.write(batch, { sync: true })
}

async function clear(kv: KvStore, range: KvRange): Promise<void> {
  let batch: KvOperation[] = []
  for await (const [key] of kv.entries(range)) {
    batch.push({ type: 'delete', key: key.slice() })
    if (batch.length < BATCH) continue
    await kv.write(batch)
    batch = []
  }
  await kv.write(batch)
}
