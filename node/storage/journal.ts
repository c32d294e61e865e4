/**
 * What consensus must find again after a crash: own votes and proposals of views that are not final, and the bodies and
 * certificates they rely on (S7). Records are on the disk before anything they allow leaves this node, and go in the same
 * batch that makes a later view final.
 *
 *     record = consensus message (consensus/wire.ts), or 04 || block
 */

import { decodeBlock, encodeBlock } from '../../consensus/block.ts'
import { placeOf } from '../../consensus/simplex/recovery.ts'
import type { JournalRecord } from '../../consensus/simplex/types.ts'
import type { Block } from '../../consensus/types.ts'
import { decodeMessage, encodeMessage } from '../../consensus/wire.ts'
import { concatBytes, type Hash, hexKey, readU64 } from '../../core/bytes.ts'
import { type KvOperation, type KvStore, prefixRange } from '../../core/kv.ts'
import { KEY, PREFIX } from './layout.ts'

const TAG_BLOCK = 4

function encodeRecord(record: JournalRecord): Uint8Array {
  return record.type === 'block'
    ? concatBytes(Uint8Array.of(TAG_BLOCK), encodeBlock(record.block))
    : encodeMessage(record)
}

export const decodeRecord = (bytes: Uint8Array): JournalRecord =>
  bytes[0] === TAG_BLOCK ? { type: 'block', block: decodeBlock(bytes.subarray(1)) } : decodeMessage(bytes)

interface Kept {
  readonly sequence: number
  readonly epoch: number
  readonly view: number
  /** `hexKey` of the block that the record holds, whole. */
  readonly blockKey: string | undefined
}

const blockOf = (record: JournalRecord): Block | undefined =>
  record.type === 'block' ? record.block : record.type === 'proposal' ? record.proposal.block : undefined

export class Journal {
  readonly #kv: KvStore
  /** Of all records on disk, in order of writing. */
  #kept: Kept[] = []
  /** Where a block's record lies. */
  readonly #blocks = new Map<string, number>()
  #next = 0
  /** As found when opened. */
  readonly records: readonly JournalRecord[]

  private constructor(kv: KvStore, found: readonly (readonly [number, JournalRecord])[]) {
    this.#kv = kv
    this.records = found.map(([, record]) => record)
    for (const [sequence, record] of found) this.#keep(sequence, record)
  }

  static async open(kv: KvStore): Promise<Journal> {
    const found: [number, JournalRecord][] = []
    // Keys are big-endian numbers, so this is the order of writing.
    for await (const [key, value] of kv.entries(prefixRange(PREFIX.record))) {
      found.push([readU64(key, PREFIX.record.length), decodeRecord(value)])
    }
    return new Journal(kv, found)
  }

  /** Records that are on disk now. */
  get size(): number {
    return this.#kept.length
  }

  /** A block of an open view that is on disk, whether or not it was executed in this life. */
  block(hash: Hash): Block | undefined {
    const sequence = this.#blocks.get(hexKey(hash))
    const bytes = sequence === undefined ? undefined : this.#kv.get(KEY.record(sequence))
    return bytes === undefined ? undefined : blockOf(decodeRecord(bytes))
  }

  /** On the disk when this resolves: all of them or none. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    const operations: KvOperation[] = []
    for (const record of records) {
      operations.push({ type: 'put', key: KEY.record(this.#next), value: encodeRecord(record) })
      this.#keep(this.#next, record)
    }
    await this.#kv.write(operations, { sync: true })
  }

  /** Operations that forget what a final block of (epoch, view) settles. Write them with that block. */
  forget(epoch: number, view: number): KvOperation[] {
    const isSettled = (kept: Kept) => kept.epoch < epoch || (kept.epoch === epoch && kept.view <= view)
    const settled = this.#kept.filter(isSettled)
    this.#kept = this.#kept.filter((kept) => !isSettled(kept))
    for (const { blockKey, sequence } of settled) {
      if (blockKey !== undefined && this.#blocks.get(blockKey) === sequence) this.#blocks.delete(blockKey)
    }
    return settled.map(({ sequence }) => ({ type: 'delete', key: KEY.record(sequence) }))
  }

  #keep(sequence: number, record: JournalRecord): void {
    const { epoch, view } = placeOf(record)
    const block = blockOf(record)
    const blockKey = block === undefined ? undefined : hexKey(block.hash)
    if (blockKey !== undefined) this.#blocks.set(blockKey, sequence)
    this.#kept.push({ sequence, epoch, view, blockKey })
    this.#next = sequence + 1
  }
}
