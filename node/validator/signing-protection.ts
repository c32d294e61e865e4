/**
 * Keeps a key from signing two statements about one thing, beyond what one node's journal can do (S7): in two lives, one of which
 * lost its disk, and in two processes at once.
 */
import { placeOf } from '../../consensus/simplex/recovery.ts'
import type { JournalRecord, Place } from '../../consensus/simplex/types.ts'
import { QuernError } from '../../core/errors.ts'

/** A record beside the key, which outlives the journal and goes with the key to another machine. */
export interface SigningProtection {
  /**
   * Up to here an earlier life may have signed what the journal does not hold: nothing new is signed there. Absent where the journal
   * is whole; a bar over the present view of a third of the power would keep the others from ever leaving that view.
   */
  readonly barredUpTo?: Place | undefined
  /** On the disk when this resolves: the key may have signed about places up to this one. */
  reserve(epoch: number, view: number): Promise<void>
}

/** Awaited before own votes and proposals among these records are written, and so before any of them leaves. */
export async function reservePlaces(
  protection: SigningProtection | undefined,
  records: readonly JournalRecord[],
): Promise<void> {
  if (protection === undefined) return
  for (const record of records) {
    if (record.type !== 'vote' && record.type !== 'proposal') continue
    const { epoch, view } = placeOf(record)
    await protection.reserve(epoch, view)
  }
}

export const keyElsewhere = ({ epoch, view }: Place): QuernError<'VALIDATOR_KEY_ELSEWHERE'> =>
  new QuernError(
    'VALIDATOR_KEY_ELSEWHERE',
    'another process signs with this validator key; stop one of the two before the validator is slashed',
    { epoch, view },
  )
