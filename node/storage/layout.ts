/**
 * Where everything lies in a node's key-value store. Each table's keys begin with one byte of its own.
 *
 *     00                             layout version
 *     01                             genesis hash
 *     02                             head: height || hash of the newest final block
 *     03                             signing sessions this store belongs to (validator-key/signed-places.ts)
 *     10 || height                   block
 *     11 || block hash               height
 *     12 || height                   receipts
 *     13 || height                   senders of the block's transactions, 20 bytes each
 *     14 || transaction hash         height || index
 *     15 || height                   notarization
 *     16 || height                   finalization, where the block was finalised directly
 *     17 || epoch                    height of the epoch's last final block so far
 *     20 || tree key                 state value, newest (versioned-values.ts)
 *     21 || tree key || version      state value, superseded
 *     30 || ...                      state tree (core/smt)
 *     40 || sequence number          journal: own votes and proposals of open views, and what they rely on
 *     41 || validator                evidence that waits for a block (validator/evidence-pool.ts)
 *
 * Everything below 40 is written in one synced batch for each final block, so it always shows one height. Heights,
 * epochs, versions and sequence numbers are u64 big endian. A change of a table is a new LAYOUT_VERSION; a table more is none.
 */
import { type Address, concatBytes, type Hash, u32be, u64be } from '../../core/bytes.ts'

export const LAYOUT_VERSION = 1

const prefixed =
  (prefix: number) =>
  (...parts: readonly Uint8Array[]): Uint8Array =>
    concatBytes(Uint8Array.of(prefix), ...parts)

const height = (prefix: number) => (at: number) => prefixed(prefix)(u64be(at))
const hash = (prefix: number) => (of: Hash) => prefixed(prefix)(of)

export const KEY = {
  layoutVersion: Uint8Array.of(0x00),
  genesisHash: Uint8Array.of(0x01),
  head: Uint8Array.of(0x02),
  signingSessions: Uint8Array.of(0x03),
  block: height(0x10),
  blockHeight: hash(0x11),
  receipts: height(0x12),
  senders: height(0x13),
  transaction: hash(0x14),
  notarization: height(0x15),
  finalization: height(0x16),
  epochEnd: height(0x17),
  record: height(0x40),
  evidence: (validator: Address): Uint8Array => prefixed(0x41)(validator),
} as const

export const PREFIX = {
  value: Uint8Array.of(0x20),
  valueHistory: Uint8Array.of(0x21),
  tree: Uint8Array.of(0x30),
  record: Uint8Array.of(0x40),
  evidence: Uint8Array.of(0x41),
} as const

export const transactionPlace = (at: number, index: number): Uint8Array => concatBytes(u64be(at), u32be(index))

export function readU64(bytes: Uint8Array, offset = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
}

export const readU32 = (bytes: Uint8Array, offset: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
