/**
 * A state that is being taken in from peers, range by range, in a store that is no chain before it is whole.
 *
 *     05                     height || hash of the block after which it is
 *     05 || position         a range that is here: records || bytes || the node at its place (core/smt/node.ts)
 *
 * Each range comes in one batch with its records and tree nodes, so that after a crash at any moment the ranges listed are
 * here and no others count: what is missing is asked for again, and the same bytes are written to the same keys. The last
 * batch joins the ranges, checks the root, writes head, genesis hash and layout version, and deletes this table: before it
 * there is no chain here, after it there is a whole one.
 *
 * While the first key's value is empty, what is here counts for nothing: it stands so before a block is chosen, and while
 * everything is discarded, so that a crash in the midst of either begins anew.
 */

import { decodeBlock } from '../../consensus/block.ts'
import type { Header } from '../../consensus/types.ts'
import { compareBytes, concatBytes, EMPTY_BYTES, equalBytes, type Hash, readU64, u64be } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { type KvOperation, type KvStore, prefixRange } from '../../core/kv.ts'
import {
  coversKey,
  decodeNode,
  encodeNode,
  halvesOf,
  joinRanges,
  positionLevel,
  ROOT_POSITION,
  TreeLoader,
  type VerifiedRange,
  verifyRange,
} from '../../core/smt/index.ts'
import type { StateChunk } from '../../p2p/wire-snapshot.ts'
import { blockOperations, type FinalEntry, headOperations, versionOf } from './chain-store.ts'
import { encodeHeld, KEY, LAYOUT_VERSION, PREFIX } from './layout.ts'
import { loneValue } from './versioned-values.ts'

export type SnapshotBlock = Omit<FinalEntry, 'writes' | 'update'>
type RecordsChunk = Extract<StateChunk, { readonly kind: 'records' }>

interface Part extends VerifiedRange {
  readonly records: number
  readonly bytes: number
}

/** Deletions in one batch: some megabytes at most. */
const DISCARDED_AT_ONCE = 10_000

export class SnapshotStore {
  readonly #kv: KvStore
  readonly #block: SnapshotBlock['block']
  readonly #loader: TreeLoader
  readonly #parts: Part[]

  private constructor(kv: KvStore, block: SnapshotBlock['block'], parts: Part[]) {
    this.#kv = kv
    this.#block = block
    this.#loader = new TreeLoader(versionOf(block.header.height), PREFIX.tree)
    this.#parts = parts
  }

  /** Begins to take in the state after a final block, in an empty store. */
  static async begin(kv: KvStore, entry: SnapshotBlock): Promise<SnapshotStore> {
    const { hash, header } = entry.block
    const target: KvOperation = { type: 'put', key: KEY.snapshot, value: concatBytes(u64be(header.height), hash) }
    await kv.write([target, ...blockOperations(entry)], { sync: true })
    return new SnapshotStore(kv, entry.block, [])
  }

  /** What an earlier life began and did not end; nothing where there is none, or where it was to be discarded. */
  static async resume(kv: KvStore): Promise<SnapshotStore | undefined> {
    const target = kv.get(KEY.snapshot)
    if (target === undefined || kv.get(KEY.layoutVersion) !== undefined) return undefined
    const bytes = target.length === 0 ? undefined : kv.get(KEY.block(readU64(target)))
    if (bytes === undefined) {
      await discardSnapshot(kv)
      return undefined
    }
    const parts: Part[] = []
    for await (const [key, value] of kv.entries(prefixRange(PREFIX.snapshot))) {
      const position = key.slice(PREFIX.snapshot.length)
      if (position.length === 0) continue
      const node = decodeNode(value.slice(16))
      parts.push({ position, node, records: readU64(value), bytes: readU64(value, 8) })
    }
    return new SnapshotStore(kv, decodeBlock(bytes), parts)
  }

  /** Of the block after which the state is. */
  get header(): Header {
    return this.#block.header
  }

  get records(): number {
    return this.#parts.reduce((sum, { records }) => sum + records, 0)
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get chunks(): number {
    return this.#parts.length
  }

  /** The part of the key space that is here, from 0 to 1. */
  get covered(): number {
    return this.#parts.reduce((sum, { position }) => sum + 2 ** -positionLevel(position), 0)
  }

  /** The fewest ranges that make what is here whole, from the left. */
  missing(): Uint8Array[] {
    const parts = this.#sorted()
    const missing: Uint8Array[] = []
    let next = 0
    const look = (position: Uint8Array): void => {
      const part = parts[next]
      if (part === undefined || !coversKey(position, part.position.subarray(0, 32))) missing.push(position)
      else if (equalBytes(part.position, position)) next++
      else for (const half of halvesOf(position)) look(half)
    }
    look(ROOT_POSITION)
    return missing
  }

  /** Takes in a range. @throws QuernError `PROOF_INVALID`, with nothing written */
  async take(position: Uint8Array, { records, proof }: RecordsChunk): Promise<void> {
    const { height, stateRoot } = this.header
    const operations: KvOperation[] = []
    const leaves = records.map(({ key, value }) => ({ key, valueHash: sha256(value) }))
    const node = verifyRange(stateRoot, position, leaves, proof, (at, placed) =>
      operations.push(this.#loader.node(at, placed)),
    )
    let bytes = 0
    for (const { key, value } of records) {
      bytes += key.length + value.length
      operations.push(loneValue(versionOf(height), key, value))
    }
    const part = concatBytes(u64be(records.length), u64be(bytes), encodeNode(node))
    operations.push({ type: 'put', key: KEY.snapshotPart(position), value: part })
    // Not synced: the log keeps the order of writes, so that what the last batch relies on is on the disk with it.
    await this.#kv.write(operations)
    this.#parts.push({ position, node, records: records.length, bytes })
  }

  /** Makes the store a chain that begins at the block. Every range is here. */
  async finish(genesisHash: Hash): Promise<void> {
    const { height, stateRoot } = this.header
    const operations: KvOperation[] = []
    const root = joinRanges(this.#sorted(), (at, placed) => operations.push(this.#loader.node(at, placed)))
    assert(equalBytes(root.hash, stateRoot), 'proved ranges do not make the state they were proved under', { height })
    operations.push(
      this.#loader.finish(),
      ...headOperations(this.#block),
      { type: 'put', key: KEY.held, value: encodeHeld({ blocksFrom: height, statesFrom: height }) },
      { type: 'put', key: KEY.genesisHash, value: genesisHash },
      { type: 'put', key: KEY.layoutVersion, value: u64be(LAYOUT_VERSION) },
      { type: 'delete', key: KEY.snapshot },
    )
    for (const { position } of this.#parts) operations.push({ type: 'delete', key: KEY.snapshotPart(position) })
    await this.#kv.write(operations, { sync: true })
  }

  #sorted(): Part[] {
    return this.#parts.toSorted((a, b) => compareBytes(a.position, b.position))
  }
}

/** Says that what is written from now on is no chain yet. */
export const markSnapshot = (kv: KvStore): Promise<void> =>
  kv.write([{ type: 'put', key: KEY.snapshot, value: EMPTY_BYTES }], { sync: true })

/** Makes the store empty again, but for what says which signing sessions it belongs to. */
export async function discardSnapshot(kv: KvStore): Promise<void> {
  if (kv.get(KEY.snapshot) === undefined) return
  if (kv.get(KEY.layoutVersion) !== undefined) {
    throw new QuernError('ASSERTION_FAILED', 'a store with a chain in it holds no unfinished snapshot')
  }
  await markSnapshot(kv)
  const end = PREFIX.record
  const first = concatBytes(KEY.snapshot, Uint8Array.of(0))
  for (let isEmpty = false; !isEmpty; ) {
    const deletions: KvOperation[] = []
    for await (const [key] of kv.entries({ gte: first, lt: end, limit: DISCARDED_AT_ONCE })) {
      deletions.push({ type: 'delete', key })
    }
    await kv.write(deletions)
    isEmpty = deletions.length < DISCARDED_AT_ONCE
  }
  await kv.write([{ type: 'delete', key: KEY.snapshot }], { sync: true })
}
