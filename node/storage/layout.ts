/**
 * Where everything lies in a node's key-value store. Each table's keys begin with one byte of its own.
 *
 *     00                             layout version
 *     01                             genesis hash
 *     02                             head: height || hash of the newest final block
 *     03                             signing sessions this store belongs to (validator-key/signed-places.ts)
 *     04                             held: lowest height of a block and of a state that are here; absent: 0 and 0
 *     05 || ...                      snapshot under way (snapshot-store.ts); nothing else is complete while it is here
 *     06                             migration under way (migrate.ts)
 *     10 || height                   block
 *     11 || block hash               height
 *     12 || height                   receipts
 *     13 || height                   senders of the block's transactions, 20 bytes each
 *     14 || transaction hash         height || index
 *     15 || height                   notarization
 *     16 || height                   finalization, where the block was finalised directly
 *     17 || epoch                    height of the epoch's last final block so far
 *     18 || epoch                    header of the epoch's last block, once that block is pruned
 *     19 || epoch                    validator set after it and its proof, once that state is pruned (light/edge-store.ts)
 *     1a || lane key || height       empty: the block has activity of the lane (vprog/rows.ts, as the next three)
 *     1b || covenant || height || index   empty: the transaction made outputs bound to the covenant; index is u32
 *     1c || tx id || output          height || index of the transaction that spent the output; output is u32
 *     1d || tx id                    height || index of the transaction with this id in the KIP's form
 *     20 || tree key                 state value, newest (versioned-values.ts)
 *     21 || tree key || version      state value, superseded
 *     22 || version || tree key      empty: the version wrote this value
 *     30 || ...                      state tree (core/smt)
 *     40 || sequence number          journal: own votes and proposals of open views, and what they rely on
 *     41 || validator                evidence that waits for a block (validator/evidence-pool.ts)
 *
 * Everything below 40 is written in one synced batch for each final block, so it always shows one height. Heights,
 * epochs, versions and sequence numbers are u64 big endian. A change of a table, or one more that has to be complete, is a
 * new LAYOUT_VERSION and a migration (migrate.ts).
 *
 *     layout 1    without 22
 *     layout 2    with 22: pruning and cutting back find what a version wrote without reading every value
 *
 * 1a to 1d came without a new layout: a chain without vProgs has no such rows, and none had vProgs before.
 */
import { type Address, concatBytes, type Hash, readU64, u32be, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { Outpoint } from '../../vm/kip/types.ts'

export const LAYOUT_VERSION = 2

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
  held: Uint8Array.of(0x04),
  snapshot: Uint8Array.of(0x05),
  snapshotPart: (position: Uint8Array): Uint8Array => prefixed(0x05)(position),
  migration: Uint8Array.of(0x06),
  block: height(0x10),
  blockHeight: hash(0x11),
  receipts: height(0x12),
  senders: height(0x13),
  transaction: hash(0x14),
  notarization: height(0x15),
  finalization: height(0x16),
  epochEnd: height(0x17),
  edgeHeader: height(0x18),
  edgeSet: height(0x19),
  laneBlock: (laneKey: Hash, at: number): Uint8Array => prefixed(0x1a)(laneKey, u64be(at)),
  covenantTransaction: (covenantId: Hash, at: number, index: number): Uint8Array =>
    prefixed(0x1b)(covenantId, transactionPlace(at, index)),
  spent: ({ txId, index }: Outpoint): Uint8Array => prefixed(0x1c)(txId, u32be(index)),
  kipTransaction: hash(0x1d),
  record: height(0x40),
  evidence: (validator: Address): Uint8Array => prefixed(0x41)(validator),
} as const

export const PREFIX = {
  snapshot: Uint8Array.of(0x05),
  laneBlock: Uint8Array.of(0x1a),
  covenantTransaction: Uint8Array.of(0x1b),
  spent: Uint8Array.of(0x1c),
  kipTransaction: Uint8Array.of(0x1d),
  value: Uint8Array.of(0x20),
  valueHistory: Uint8Array.of(0x21),
  change: Uint8Array.of(0x22),
  tree: Uint8Array.of(0x30),
  record: Uint8Array.of(0x40),
  evidence: Uint8Array.of(0x41),
} as const

/** From which heights on a store answers; the newest final block is always here, with its state. */
export interface Held {
  /** Lowest height whose block, receipts and certificates are here. */
  readonly blocksFrom: number
  /** Lowest height whose state is here. */
  readonly statesFrom: number
}

export const encodeHeld = ({ blocksFrom, statesFrom }: Held): Uint8Array =>
  concatBytes(u64be(blocksFrom), u64be(statesFrom))

/** Of a store that never forgot anything: from genesis on. @throws QuernError `STORE_CORRUPT` */
export function decodeHeld(bytes: Uint8Array | undefined): Held {
  if (bytes === undefined) return { blocksFrom: 0, statesFrom: 0 }
  if (bytes.length !== 16) {
    throw new QuernError(
      'STORE_CORRUPT',
      'what the store says of its oldest block cannot be read: sync anew in a new folder',
    )
  }
  return { blocksFrom: readU64(bytes), statesFrom: readU64(bytes, 8) }
}

export const transactionPlace = (at: number, index: number): Uint8Array => concatBytes(u64be(at), u32be(index))
