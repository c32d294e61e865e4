/**
 * What a settlement proves: the aggregate of a lane's batches took the program from one state to the next, up to a block.
 * 352 bytes: eleven fields of 32, in the order below. Source: vprogs zk/abi.
 */
import { concatBytes, type Hash } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { SettlementError } from './errors.ts'

export interface SettlementJournal {
  readonly prevState: Hash
  readonly prevLaneTip: Hash
  readonly newState: Hash
  readonly newLaneTip: Hash
  /** Of the block that the settlement goes up to. */
  readonly newSeqCommit: Hash
  readonly covenantId: Hash
  readonly txImageId: Hash
  readonly batchImageId: Hash
  /** BLAKE2b-256 of the permission script that holds the exits, or zeros where there are none. */
  readonly permissionHash: Hash
  /** BLAKE2b-256 of the delegate script, or zeros where the program takes no deposits. */
  readonly depositHash: Hash
  readonly laneKey: Hash
}

const FIELDS = [
  'prevState',
  'prevLaneTip',
  'newState',
  'newLaneTip',
  'newSeqCommit',
  'covenantId',
  'txImageId',
  'batchImageId',
  'permissionHash',
  'depositHash',
  'laneKey',
] as const satisfies readonly (keyof SettlementJournal)[]

const HASH_BYTES = 32
export const JOURNAL_BYTES = FIELDS.length * HASH_BYTES

/** @throws SettlementError `JOURNAL_FIELD_LENGTH` */
export const encodeJournal = (journal: SettlementJournal): Uint8Array =>
  concatBytes(
    ...FIELDS.map((field) => {
      const { length } = journal[field]
      if (length === HASH_BYTES) return journal[field]
      throw new SettlementError('JOURNAL_FIELD_LENGTH', `${field} has ${length} bytes: it has ${HASH_BYTES}`)
    }),
  )

/** @throws SettlementError `JOURNAL_LENGTH` */
export function decodeJournal(bytes: Uint8Array): SettlementJournal {
  if (bytes.length !== JOURNAL_BYTES) {
    throw new SettlementError('JOURNAL_LENGTH', `a journal has ${JOURNAL_BYTES} bytes, not ${bytes.length}`)
  }
  const field = (i: number): Hash => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)
  return Object.fromEntries(FIELDS.map((name, i) => [name, field(i)])) as Record<(typeof FIELDS)[number], Hash>
}

/** What a proof of the journal names. */
export const journalDigest = (journal: SettlementJournal): Hash => sha256(encodeJournal(journal))
