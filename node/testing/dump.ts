/** A store's whole content, to put back later: how a single-process devnet takes snapshots and reverts to them. */

import { hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { KvOperation, KvStore } from '../../core/kv.ts'

/** A dump lives in memory, one for each validator; a devnet that has grown beyond this should be restarted instead. */
export const MAX_DUMP_BYTES = 512 << 20

export type DumpErrorCode = 'DUMP_TOO_LARGE'

export type StoreDump = readonly (readonly [key: Uint8Array, value: Uint8Array])[]

/** @throws QuernError `DUMP_TOO_LARGE` */
export async function dumpStore(store: KvStore): Promise<StoreDump> {
  const entries: [Uint8Array, Uint8Array][] = []
  let bytes = 0
  for await (const [key, value] of store.entries()) {
    bytes += key.length + value.length
    if (bytes > MAX_DUMP_BYTES)
      throw new QuernError('DUMP_TOO_LARGE', 'the store is too large for a snapshot in memory')
    entries.push([key.slice(), value.slice()])
  }
  return entries
}

/** Makes the store's content exactly the dump's, in one batch. */
export async function restoreStore(store: KvStore, dump: StoreDump): Promise<void> {
  const kept = new Set(dump.map(([key]) => hexKey(key)))
  const operations: KvOperation[] = dump.map(([key, value]) => ({ type: 'put', key, value }))
  for await (const [key] of store.entries()) {
    if (!kept.has(hexKey(key))) operations.push({ type: 'delete', key: key.slice() })
  }
  await store.write(operations, { sync: true })
}
