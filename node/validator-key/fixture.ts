/** A validator's statements and its data/, for tests of the signing record. */
import type { JournalRecord } from '../../consensus/simplex/types.ts'
import { MemoryStore } from '../../core/kv.ts'
import { Journal } from '../storage/journal.ts'
import type { Place } from './place.ts'
import type { SigningRecord } from './signing-record.ts'

const vote = ({ epoch, view }: Place): JournalRecord => ({
  type: 'vote',
  vote: { kind: 'nullify', epoch, view, blockHash: new Uint8Array(32), validator: 0, signature: new Uint8Array(96) },
})

/** As the host does: reserve, then persist, then the statement leaves. */
export async function sign(record: SigningRecord, store: MemoryStore, at: Place): Promise<void> {
  await record.reserve(at.epoch, at.view)
  await (await Journal.open(store)).append([vote(at)])
}

export async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore()
  for await (const [key, value] of store.entries()) await copy.write([{ type: 'put', key, value }])
  return copy
}
