/**
 * Brings a store of an older layout up to date, one layout at a time.
 *
 *     06 = the cursor of a migration under way
 *
 * The first batch writes the new layout version together with the cursor: from then on no older program opens the store and
 * adds rows in its own way. Each further batch does some of the work and moves the cursor; the last removes it. Every batch is
 * atomic and its work may be done twice, so a process killed at any moment goes on where it was.
 */
import { EMPTY_BYTES, readU64, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { type KvOperation, type KvStore, prefixEnd } from '../../core/kv.ts'
import { KEY, LAYOUT_VERSION, PREFIX } from './layout.ts'
import { changeKey, decodeRecord } from './versioned-values.ts'

/** Rows read for one batch: some 200 KB of writes. */
const BATCH_ROWS = 4_096

interface Step {
  readonly operations: readonly KvOperation[]
  /** Where the next step begins; undefined: done. */
  readonly next: Uint8Array | undefined
}

/** One step of the way from layout n to n + 1. `cursor` is empty at first. */
type Migration = (kv: KvStore, cursor: Uint8Array, rows: number) => Promise<Step>

/** 1 -> 2: the table of changes, from the values and their history, which stand one behind the other. */
async function listChanges(kv: KvStore, cursor: Uint8Array, rows: number): Promise<Step> {
  const range = { gte: cursor.length === 0 ? PREFIX.value : cursor, lt: prefixEnd(PREFIX.valueHistory)! }
  const operations: KvOperation[] = []
  for await (const [key, value] of kv.entries(range)) {
    if (operations.length === rows) return { operations, next: key }
    operations.push({ type: 'put', key: changeKey(decodeRecord(value).version, key.slice(1, 33)), value: EMPTY_BYTES })
  }
  return { operations, next: undefined }
}

/** By the layout they begin with. */
const MIGRATIONS: ReadonlyMap<number, Migration> = new Map([[1, listChanges]])

/**
 * @param kv a store with a layout version
 * @param rows read for one batch
 * @throws QuernError `STORE_LAYOUT` for a layout that this program does not know
 */
export async function migrate(kv: KvStore, rows = BATCH_ROWS): Promise<void> {
  for (;;) {
    const layout = readU64(kv.get(KEY.layoutVersion) ?? u64be(0))
    const cursor = kv.get(KEY.migration)
    if (layout > LAYOUT_VERSION) throw unknownLayout(layout, 'a newer quern: upgrade this one')
    if (cursor !== undefined) {
      await step(kv, layout - 1, cursor, rows)
      continue
    }
    if (layout === LAYOUT_VERSION) return
    if (!MIGRATIONS.has(layout)) throw unknownLayout(layout, 'a quern too old: sync anew in a new folder')
    await kv.write(
      [
        { type: 'put', key: KEY.layoutVersion, value: u64be(layout + 1) },
        { type: 'put', key: KEY.migration, value: EMPTY_BYTES },
      ],
      { sync: true },
    )
  }
}

async function step(kv: KvStore, from: number, cursor: Uint8Array, rows: number): Promise<void> {
  const migration = MIGRATIONS.get(from)
  if (migration === undefined) throw unknownLayout(from + 1, 'a quern too old: sync anew in a new folder')
  const { operations, next } = await migration(kv, cursor, rows)
  const moved: KvOperation =
    next === undefined ? { type: 'delete', key: KEY.migration } : { type: 'put', key: KEY.migration, value: next }
  // Batches reach the disk in their order, so only the last has to be waited for.
  await kv.write([...operations, moved], { sync: next === undefined })
}

const unknownLayout = (found: number, by: string): QuernError =>
  new QuernError('STORE_LAYOUT', `the data directory has layout ${found}, written by ${by}`, {
    found,
    wanted: LAYOUT_VERSION,
  })
