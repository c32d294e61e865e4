/**
 * The index of lanes and covenants as rows of the store (storage/layout.ts): written with their block, in its batch, and
 * forgotten with it. A block without transactions of kinds 16 and 17 has none.
 */
import type { Block } from '../../consensus/types.ts'
import { type Address, EMPTY_BYTES, equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import type { KvOperation, KvReader } from '../../core/kv.ts'
import { decodeRlp, rlpBytes, rlpList } from '../../core/rlp.ts'
import { decodeReceipt, receiptRoot } from '../../vm/execution/receipt.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import { KEY, transactionPlace } from '../storage/layout.ts'
import { readVprogEnvelope, type VprogActivity, vprogActivity } from './activity.ts'

export type VprogRow = Extract<KvOperation, { readonly type: 'put' }>

const ADDRESS_BYTES = 20

/** No key comes twice. */
export function vprogRows(height: number, activity: readonly VprogActivity[]): VprogRow[] {
  const rows: VprogRow[] = []
  const lanes = new Map<string, Hash>()
  const put = (key: Uint8Array, value: Uint8Array) => rows.push({ type: 'put', key, value })
  for (const { index, txId, laneKey, covenantIds, spent } of activity) {
    const place = transactionPlace(height, index)
    put(KEY.kipTransaction(txId), place)
    for (const id of covenantIds) put(KEY.covenantTransaction(id, height, index), EMPTY_BYTES)
    for (const outpoint of spent) put(KEY.spent(outpoint), place)
    if (laneKey !== undefined) lanes.set(hexKey(laneKey), laneKey)
  }
  for (const lane of lanes.values()) put(KEY.laneBlock(lane, height), EMPTY_BYTES)
  return rows
}

/**
 * Of a block as it is stored.
 * @param receipts absent: as if every transaction had succeeded
 * @throws QuernError where an envelope is damaged
 */
export function rowsOfBlock(
  { header, transactions }: Block,
  senders: readonly Address[],
  receipts: readonly Pick<Receipt, 'status'>[] | undefined,
): VprogRow[] {
  const acting = transactions.map((raw, i) => {
    const read = readVprogEnvelope(raw)
    return read === undefined ? undefined : { ...read, from: senders[i]! }
  })
  const statuses = receipts ?? transactions.map(() => ({ status: 1 as const }))
  return vprogRows(header.height, vprogActivity(acting, statuses))
}

/**
 * Keys of the rows that a stored block has here, to be forgotten with it. Where it is damaged there may be more, which
 * `quern chain verify` then finds: they lead to nothing.
 */
export function vprogKeysHere(kv: KvReader, block: Block): Uint8Array[] {
  const { header, transactions } = block
  try {
    // Before more is read: few blocks have any.
    if (!transactions.some((raw) => readVprogEnvelope(raw) !== undefined)) return []
    const senders = kv.get(KEY.senders(header.height))
    if (senders?.length !== transactions.length * ADDRESS_BYTES) return []
    const from = transactions.map((_, i) => senders.subarray(i * ADDRESS_BYTES, (i + 1) * ADDRESS_BYTES))
    // What a failed transaction would have spent, a later one may have: only rows that name this block are its own.
    const isOwn = ({ key, value }: VprogRow): boolean => {
      const found = kv.get(key)
      return found !== undefined && equalBytes(found, value)
    }
    return rowsOfBlock(block, from, readReceipts(kv, block))
      .filter(isOwn)
      .map(({ key }) => key)
  } catch {
    return []
  }
}

/** Undefined where they are damaged. */
export function readReceipts(kv: KvReader, { header, transactions }: Block): Receipt[] | undefined {
  const bytes = kv.get(KEY.receipts(header.height))
  if (bytes === undefined) return undefined
  try {
    const receipts = rlpList(decodeRlp(bytes), transactions.length).map((item) => decodeReceipt(rlpBytes(item)))
    return equalBytes(receiptRoot(receipts), header.receiptRoot) ? receipts : undefined
  } catch {
    return undefined
  }
}
