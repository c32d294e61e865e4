/**
 * A final block's state as others take it in: every record under one key prefix, with the proof that these are all
 * (core/smt/range.ts), and the receipts of blocks. Served from any height whose state is here, while the chain goes on.
 */
import { concatBytes } from '../../core/bytes.ts'
import { type KvRange, prefixEnd } from '../../core/kv.ts'
import { decodeRlp, encodedLength, rlpBytes, rlpList } from '../../core/rlp.ts'
import { keyBit, positionLevel, proveRange, VersionedTree } from '../../core/smt/index.ts'
import { MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../../p2p/wire.ts'
import {
  CHUNK_TARGET_BYTES,
  MAX_SPLIT_BITS,
  MAX_SPLIT_LEVEL,
  type StateChunk,
  type StateRecord,
} from '../../p2p/wire-snapshot.ts'
import { decodeReceipt } from '../../vm/execution/receipt.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import { type ChainStore, versionOf } from './chain-store.ts'
import { KEY, PREFIX } from './layout.ts'
import { decodeRecord, VersionedValues } from './versioned-values.ts'

/**
 * Records looked at for one answer: an archive remembers the deleted ones too, which fill no answer. Half a second of
 * reading, in small pieces.
 */
const MAX_SCANNED_RECORDS = 1 << 18
/** Of a key without anything. */
const KEY_BYTES = 33

/**
 * @param height of a final block; `unheld` where its state is not here
 * @param targetBytes of one answer
 */
export async function readChunk(
  store: ChainStore,
  height: number,
  position: Uint8Array,
  targetBytes = CHUNK_TARGET_BYTES,
): Promise<StateChunk> {
  if (height > store.head.header.height || height < store.held.statesFrom) return { kind: 'unheld' }
  const release = store.lease(height)
  try {
    const version = versionOf(height)
    const records = await readRecords(store, version, position, targetBytes)
    if (!Array.isArray(records)) return records
    const tree = new VersionedTree(store.kv, PREFIX.tree)
    const proof = proveRange(await tree.readerAt(version, [position.subarray(0, 32)]), position)
    return { kind: 'records', records, proof }
  } finally {
    release()
  }
}

async function readRecords(
  { kv }: ChainStore,
  version: number,
  position: Uint8Array,
  targetBytes: number,
): Promise<StateRecord[] | StateChunk> {
  const values = new VersionedValues(kv)
  const records: StateRecord[] = []
  let bytes = 0
  let scanned = 0
  for await (const [storeKey, encoded] of kv.entries(valuesBelow(position))) {
    const key = storeKey.subarray(PREFIX.value.length)
    const newest = decodeRecord(encoded)
    const value = newest.version <= version ? newest.value : values.getAt(key, version)
    scanned++
    if (value !== undefined) {
      bytes += KEY_BYTES + encodedLength(value)
      records.push({ key, value })
    }
    const isTooMuch = bytes > targetBytes ? records.length > 1 : scanned > MAX_SCANNED_RECORDS
    if (isTooMuch && positionLevel(position) < MAX_SPLIT_LEVEL) return { kind: 'split', bits: splitBits(position, key) }
  }
  return records
}

/** Keys are hashes, spread evenly: what part of the range was read tells how much it holds. Aims at answers half full. */
function splitBits(position: Uint8Array, reached: Uint8Array): number {
  const level = positionLevel(position)
  let part = 0
  for (let i = 0; i < MAX_SPLIT_BITS; i++) part += keyBit(reached, level + i) / 2 ** (i + 1)
  const wanted = part === 0 ? MAX_SPLIT_BITS : Math.ceil(Math.log2(1 / part)) + 1
  return Math.min(wanted, MAX_SPLIT_BITS, MAX_SPLIT_LEVEL - level)
}

function valuesBelow(position: Uint8Array): KvRange {
  const level = positionLevel(position)
  const first = position.subarray(0, 32)
  const last = first.map((byte, i) => (i < level >> 3 ? byte : i > level >> 3 ? 0xff : byte | (0xff >> (level & 7))))
  const lt = prefixEnd(concatBytes(PREFIX.value, last))
  return { gte: concatBytes(PREFIX.value, first), ...(lt === undefined ? {} : { lt }) }
}

/** Of consecutive blocks, from the first height on as far as they are here and fit into one answer. */
export function readReceipts(store: ChainStore, fromHeight: number, count: number): Receipt[][] {
  const blocks: Receipt[][] = []
  let bytes = 0
  const end = Math.min(fromHeight + Math.min(count, MAX_RANGE_BLOCKS) - 1, store.head.header.height)
  for (let height = fromHeight; height <= end && height >= store.held.blocksFrom; height++) {
    const encoded = store.kv.get(KEY.receipts(height))
    if (encoded === undefined || bytes > RANGE_TARGET_BYTES) break
    bytes += encoded.length
    blocks.push(rlpList(decodeRlp(encoded)).map((item) => decodeReceipt(rlpBytes(item))))
  }
  return blocks
}
