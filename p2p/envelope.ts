/**
 * What travels by gossip.
 *
 *     envelope     = slot (u32, big endian) || 01 || message (wire.ts)      or      slot || 02 || announcement
 *     announcement = rlp([epoch, view, block hash, author, author's signature of the proposal])
 *
 * A message travels once, because its id is a hash of the envelope. What consensus says again (S8) says the same bytes,
 * so the envelope carries the time in slots of some D: said again in a later slot, a message travels again. Transactions and
 * evidence are not repeated and stand in slot 0.
 *
 * A proposal above MAX_WHOLE_BYTES is announced: its receiver fetches the block by its hash from whoever announced it. The
 * author's signature comes with it, so only validators of the set can have anybody fetch anything.
 */
import { type Address, concatBytes, type Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, encodeUint, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'
import type { NetworkMessage } from './transport.ts'
import { decodeNetworkMessage } from './wire.ts'

/** Larger proposals are announced: gossip hands each message over several times, and its frames end at 4 MiB. */
export const MAX_WHOLE_BYTES = 512 << 10
/** Slots are four D long: of what is said again every D, a quarter travels by gossip. */
const SLOT_DELAYS = 4
/** Below a second nothing is gained; above half a minute the window of accepted slots would be the longer one. */
const MIN_SLOT_MS = 1_000
const MAX_SLOT_MS = 30_000
/** How far clocks may differ, and how long a message may take, before gossip of consensus is ignored. */
export const SLOT_WINDOW_MS = 30_000

const HEADER_BYTES = 5
const LIMITS = { maxBytes: 256, maxDepth: 1, maxItems: 6 }

/** A proposal without its block. */
export interface Announcement {
  readonly epoch: number
  readonly view: number
  readonly blockHash: Hash
  readonly author: Address
  readonly signature: Uint8Array
}

export type Envelope = { readonly slot: number } & (
  | { readonly type: 'message'; readonly message: NetworkMessage; readonly payload: Uint8Array }
  | { readonly type: 'announcement'; readonly announcement: Announcement }
)

export const slotMsOf = (networkDelayMs: number): number =>
  Math.min(MAX_SLOT_MS, Math.max(MIN_SLOT_MS, SLOT_DELAYS * networkDelayMs))

const header = (slot: number, tag: number): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES)
  new DataView(bytes.buffer).setUint32(0, slot)
  bytes[4] = tag
  return bytes
}

/** `payload`: an encoded network message. */
export const wholeEnvelope = (slot: number, payload: Uint8Array): Uint8Array => concatBytes(header(slot, 1), payload)

export const announcementEnvelope = (slot: number, announcement: Announcement): Uint8Array => {
  const { epoch, view, blockHash, author, signature } = announcement
  return concatBytes(header(slot, 2), encodeRlp([encodeUint(epoch), encodeUint(view), blockHash, author, signature]))
}

/** @throws QuernError `GOSSIP_INVALID`, and those of the decoders */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length < HEADER_BYTES) throw invalid('shorter than its header')
  const slot = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const payload = bytes.subarray(HEADER_BYTES)
  if (bytes[4] === 2) return { slot, type: 'announcement', announcement: readAnnouncement(payload) }
  if (bytes[4] !== 1) throw invalid('unknown kind')
  if (payload.length > MAX_WHOLE_BYTES + HEADER_BYTES + 4_096) throw invalid('too long to travel whole')
  return { slot, type: 'message', message: decodeNetworkMessage(payload), payload }
}

function readAnnouncement(payload: Uint8Array): Announcement {
  const [epoch, view, blockHash, author, signature] = rlpList(decodeRlp(payload, LIMITS), 5)
  return {
    epoch: rlpNumber(epoch),
    view: rlpNumber(view),
    blockHash: rlpBytes(blockHash, 32),
    author: rlpBytes(author, 20),
    signature: rlpBytes(signature, 96),
  }
}

const invalid = (why: string): QuernError => new QuernError('GOSSIP_INVALID', `malformed gossip: ${why}; drop it`)
