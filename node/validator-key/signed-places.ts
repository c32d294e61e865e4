/**
 * What a node's store says about its own signatures: the last place it signed at, and which signing sessions it belongs to.
 *
 * The journal holds every own vote and proposal above the newest final block and forgets the rest (journal.ts), so the
 * later of the two bounds all that was signed with this store at hand.
 */
import { decodeBlock } from '../../consensus/block.ts'
import { placeOf } from '../../consensus/simplex/recovery.ts'
import { concatBytes, EMPTY_BYTES, readU64 } from '../../core/bytes.ts'
import type { KvStore } from '../../core/kv.ts'
import { Journal } from '../storage/journal.ts'
import { KEY } from '../storage/layout.ts'
import { BEFORE_ALL, laterPlace, type Place } from './place.ts'

/** A random name: 16 bytes meet no other by chance. */
export const SESSION_BYTES = 16

/** Bounds every place signed at with this store; `BEFORE_ALL` for a new one. */
export async function lastSigned(store: KvStore): Promise<Place> {
  const { records } = await Journal.open(store)
  const own = records.filter(({ type }) => type === 'vote' || type === 'proposal')
  const places = own.map((record): Place => {
    const { epoch, view } = placeOf(record)
    return { epoch, view }
  })
  return places.reduce(laterPlace, headPlace(store))
}

function headPlace(store: KvStore): Place {
  const head = store.get(KEY.head)
  const height = head === undefined ? 0 : readU64(head)
  const block = store.get(KEY.block(height))
  // Nobody signs genesis: its place is that of the first view.
  if (height === 0 || block === undefined) return BEFORE_ALL
  const { epoch, view } = decodeBlock(block).header
  return { epoch, view }
}

/** Whether the store went through this session. */
export function belongsTo(store: KvStore, session: Uint8Array): boolean {
  const sessions = Buffer.from(store.get(KEY.signingSessions) ?? EMPTY_BYTES)
  for (let at = 0; at < sessions.length; at += SESSION_BYTES) {
    if (sessions.subarray(at, at + SESSION_BYTES).equals(session)) return true
  }
  return false
}

/**
 * Writes that `next` follows `session` here. Both stay, so that a crash before the signing record is written too leaves a
 * store that belongs to the record, whichever of the two it names.
 */
export const markSession = (store: KvStore, session: Uint8Array, next: Uint8Array): Promise<void> =>
  store.write([{ type: 'put', key: KEY.signingSessions, value: concatBytes(session, next) }], { sync: true })
