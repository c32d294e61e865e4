/**
 * What this validator may have signed, kept outside data/ in validator/signing.json, so that a lost or an older data/
 * cannot make it sign twice for one view (S7).
 *
 * The journal in data/ knows exactly what was signed. The record knows a bound: places are reserved ahead, some views at a
 * time, and the bound is on the disk before anything beyond it is signed.
 *
 *     data/ as this record left it     the journal decides
 *     data/ missing or older           nothing is signed at or below the bound
 *
 * A random session tells the two apart: each start draws a new one and writes it to both, so a data/ from before some
 * later start does not know it. After a stop in good order the bound is exact, and a data/ that says less is older too.
 * The bound lies up to RESERVED_VIEWS ahead after a crash, exact after a stop in good order. Where the other validators make
 * no quorum alone, a bar on the present view stops the chain: stop in good order before data/ is removed.
 *
 * Not told: a copy of data/ taken while the node ran, put back after a crash of that same run; and a home folder put
 * back whole. Restore keys, never a validator's data/.
 */
import { randomBytes } from 'node:crypto'
import { fromHex, type Hash, hexKey, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { KvStore } from '../../core/kv.ts'
import { replaceFile } from '../durable-file.ts'
import type { SigningProtection } from '../validator/signing-protection.ts'
import { readFields } from './fields.ts'
import { BEFORE_ALL, comparePlaces, isPlace, laterPlace, type Place } from './place.ts'
import { belongsTo, lastSigned, markSession, SESSION_BYTES } from './signed-places.ts'

export type SigningRecordErrorCode =
  | 'SIGNING_RECORD_INVALID'
  | 'SIGNING_RECORD_OTHER_CHAIN'
  | 'SIGNING_RECORD_OTHER_KEY'

/**
 * Views reserved at a time: a write to the disk every half minute at the fastest presets, and as long a wait for a
 * validator that lost its data/ before it votes again.
 */
export const RESERVED_VIEWS = 64

const VERSION = 1

export interface SigningRecordOptions {
  /** validator/signing.json; it may be missing. */
  readonly file: string
  readonly genesisHash: Hash
  readonly blsPublicKey: Uint8Array
}

/** The file. Places are [epoch, view]; view -1 of epoch 0 stands for nothing signed. */
interface Stored extends Place {
  readonly version: typeof VERSION
  readonly genesisHash: string
  readonly publicKey: string
  /** Hex. */
  readonly session: string
  /** After a stop in good order: `epoch` and `view` are what data/ says. */
  readonly isExact: boolean
  /** Not vouched for by data/, whatever it holds. */
  readonly barredUpTo: Place
}

/** @returns undefined where there is none @throws QuernError `SigningRecordErrorCode` */
function readRecord({ file, genesisHash, blsPublicKey }: SigningRecordOptions): Stored | undefined {
  const invalid = (why: string, cause?: unknown): QuernError<SigningRecordErrorCode> =>
    new QuernError(
      'SIGNING_RECORD_INVALID',
      `${file} ${why}: restore it from a copy, or import a protection file`,
      {},
      { cause },
    )
  const stored = readFields(file, invalid)
  if (stored === undefined) return undefined
  const { version, publicKey, session, isExact, barredUpTo } = stored
  if (version !== VERSION) throw invalid(`is of version ${String(version)}, this is version ${VERSION}`)
  if (stored.genesisHash !== toHex(genesisHash)) {
    throw new QuernError(
      'SIGNING_RECORD_OTHER_CHAIN',
      `${file} is of another genesis (${String(stored.genesisHash)}): move it away if this validator begins a new chain`,
    )
  }
  if (publicKey !== toHex(blsPublicKey)) {
    throw new QuernError('SIGNING_RECORD_OTHER_KEY', `${file} is of another key: put back its own validator/key.json`)
  }
  const isWhole =
    typeof session === 'string' && /^[0-9a-f]{32}$/.test(session) && typeof isExact === 'boolean' && isPlace(barredUpTo)
  if (!isWhole || !isPlace(stored)) throw invalid('is damaged')
  return stored as unknown as Stored
}

export class SigningRecord implements SigningProtection {
  /** Nothing may be signed at or below it; undefined = the journal decides. */
  readonly barredUpTo: Place | undefined
  readonly #options: SigningRecordOptions
  readonly #store: KvStore
  readonly #session: string
  #reserved: Place
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  private constructor(options: SigningRecordOptions, store: KvStore, session: string, reserved: Place, barred: Place) {
    this.#options = options
    this.#store = store
    this.#session = session
    this.#reserved = reserved
    this.barredUpTo = comparePlaces(barred, BEFORE_ALL) > 0 ? barred : undefined
  }

  /**
   * Begins a signing session. Nobody else may have the store or the key.
   * @throws QuernError `SigningRecordErrorCode`, and errors of the file system
   */
  static async open(options: SigningRecordOptions, store: KvStore): Promise<SigningRecord> {
    const stored = readRecord(options)
    const signed = await lastSigned(store)
    const next = randomBytes(SESSION_BYTES)
    const before = stored === undefined ? next : fromHex(stored.session)
    const bound = stored === undefined ? signed : laterPlace(stored, signed)
    const barred = stored === undefined ? BEFORE_ALL : barredBy(stored, store, signed)
    const record = new SigningRecord(options, store, hexKey(next), bound, barred)
    // A store that the record does not know must not be made known before what it is barred from is on the disk: a crash
    // between the two would leave a store that is trusted without reason.
    const isKnown = stored === undefined || belongsTo(store, before)
    if (isKnown) await markSession(store, before, next)
    await record.#write(bound, false)
    if (!isKnown) await markSession(store, next, next)
    return record
  }

  /** Resolves once signing at this place is covered. Called before the statement is written to the journal. */
  reserve(epoch: number, view: number): Promise<void> {
    const wanted = { epoch, view }
    if (comparePlaces(wanted, this.#reserved) <= 0) return this.#writing
    this.#writing = this.#writing.then(async () => {
      if (comparePlaces(wanted, this.#reserved) <= 0) return
      await this.#write({ epoch, view: view + RESERVED_VIEWS }, false)
    })
    return this.#writing
  }

  /** After a stop in good order, with the store still open: the bound becomes exact. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing.catch(() => undefined)
    await this.#write(laterPlace(await lastSigned(this.#store), this.barredUpTo ?? BEFORE_ALL), true)
  }

  async #write(bound: Place, isExact: boolean): Promise<void> {
    const barredUpTo = this.barredUpTo ?? BEFORE_ALL
    await writeRecord(this.#options, { ...bound, session: this.#session, isExact, barredUpTo })
    this.#reserved = bound
  }
}

const writeRecord = (
  { file, genesisHash, blsPublicKey }: SigningRecordOptions,
  given: Omit<Stored, 'version' | 'genesisHash' | 'publicKey'>,
): Promise<void> => {
  const { epoch, view, session, isExact, barredUpTo } = given
  const stored: Stored = {
    version: VERSION,
    genesisHash: toHex(genesisHash),
    publicKey: toHex(blsPublicKey),
    epoch,
    view,
    isExact,
    barredUpTo: { epoch: barredUpTo.epoch, view: barredUpTo.view },
    session,
  }
  return replaceFile(file, `${JSON.stringify(stored, null, 2)}\n`)
}

/** What data/ does not vouch for, as far as it is not behind what data/ shows to be settled. */
function barredBy(stored: Stored, store: KvStore, signed: Place): Place {
  const isKnown = belongsTo(store, fromHex(stored.session))
  const isOlder = stored.isExact && comparePlaces(signed, stored) < 0
  const barred = isKnown && !isOlder ? stored.barredUpTo : { epoch: stored.epoch, view: stored.view }
  return comparePlaces(barred, BEFORE_ALL) > 0 ? barred : BEFORE_ALL
}

/**
 * The last place this validator may have signed at: exact where data/ vouches for the record, its bound otherwise.
 * @param store undefined where there is no data/
 * @throws QuernError `SigningRecordErrorCode`
 */
export async function lastPlace(options: SigningRecordOptions, store: KvStore | undefined): Promise<Place> {
  const stored = readRecord(options)
  const signed = store === undefined ? BEFORE_ALL : await lastSigned(store)
  if (stored === undefined) return signed
  const barred = store === undefined ? stored : barredBy(stored, store, signed)
  return laterPlace(signed, { epoch: barred.epoch, view: barred.view })
}

/**
 * Bars this validator from signing at or below `place`, whatever its data/ says, beside what it may have signed here.
 * @returns the bound
 * @throws QuernError `SigningRecordErrorCode`
 */
export async function barUpTo(options: SigningRecordOptions, store: KvStore | undefined, place: Place): Promise<Place> {
  const bound = laterPlace(await lastPlace(options, store), place)
  // A session that no store knows.
  const session = hexKey(randomBytes(SESSION_BYTES))
  await writeRecord(options, { ...bound, session, isExact: false, barredUpTo: bound })
  return bound
}
