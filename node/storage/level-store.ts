/**
 * The key-value store on LevelDB. LevelDB's batch is atomic and, with `sync`, on the disk when it answers: a process
 * killed at any moment finds, at its next start, every synced batch whole and no part of any other.
 */
import { Level } from 'level'
import { QuernError } from '../../core/errors.ts'
import type { KvOperation, KvRange, KvStore } from '../../core/kv.ts'

/** Reads beyond this cost a disk seek; the hot state of a devnet fits many times over. */
const CACHE_BYTES = 64 << 20
/** One log file of writes before LevelDB compacts; bigger means fewer, longer compactions. */
const WRITE_BUFFER_BYTES = 16 << 20

export type StoreErrorCode = 'STORE_LOCKED' | 'STORE_OPEN_FAILED' | 'STORE_CLOSED'

export class LevelStore implements KvStore {
  readonly #db: Level<Uint8Array, Uint8Array>

  private constructor(db: Level<Uint8Array, Uint8Array>) {
    this.#db = db
  }

  /**
   * Opens, or creates, the store in a directory. One process at a time.
   * @throws QuernError `STORE_LOCKED` when another process has it open, `STORE_OPEN_FAILED`
   */
  static async open(directory: string): Promise<LevelStore> {
    const db = new Level<Uint8Array, Uint8Array>(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      cacheSize: CACHE_BYTES,
      writeBufferSize: WRITE_BUFFER_BYTES,
    })
    try {
      await db.open()
    } catch (cause) {
      const reason = cause instanceof Error ? cause.cause : undefined
      if (reason instanceof Error && 'code' in reason && reason.code === 'LEVEL_LOCKED') {
        throw new QuernError('STORE_LOCKED', `another process uses ${directory}; stop it first`, {}, { cause })
      }
      const why = reason instanceof Error ? ` (${reason.message})` : ''
      const advice = 'check that its folder can be written and that the disk has room'
      throw new QuernError('STORE_OPEN_FAILED', `cannot open the store in ${directory}${why}: ${advice}`, {}, { cause })
    }
    return new LevelStore(db)
  }

  /** @throws QuernError `STORE_CLOSED` */
  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#db.status !== 'open') {
      throw new QuernError('STORE_CLOSED', 'the node is stopping or restarting: ask again in a moment')
    }
    const bytes = this.#db.getSync(key)
    return bytes === undefined ? undefined : plain(bytes)
  }

  async *entries(range: KvRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    // Already the shape that `level` takes: gte, lt, reverse, limit.
    for await (const [key, value] of this.#db.iterator({ ...range })) yield [plain(key), plain(value)]
  }

  async write(operations: readonly KvOperation[], options: { readonly sync?: boolean } = {}): Promise<void> {
    // A chained batch is as atomic as an array of operations, and several times quicker to hand over.
    const batch = this.#db.batch()
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
    // The abstract interface does not know LevelDB's `sync`; the implementation on Node.js does.
    await (batch as unknown as ClassicBatch).write({ sync: options.sync ?? false })
  }

  /** Gives the room of what was deleted back to the file system. Time grows with the size of the store. */
  async compact(): Promise<void> {
    await (this.#db as unknown as ClassicLevel).compactRange(FIRST_KEY, LAST_KEY)
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  /**
   * Makes a folder that does not open any more one that does, from the files that are left; what was in broken ones is gone.
   * @throws QuernError `STORE_OPEN_FAILED`
   */
  static async repair(directory: string): Promise<void> {
    try {
      await (Level as unknown as ClassicLevelClass).repair(directory)
    } catch (cause) {
      const message = `LevelDB cannot repair ${directory}: sync anew in an empty folder`
      throw new QuernError('STORE_OPEN_FAILED', message, {}, { cause })
    }
  }
}

/** LevelDB answers with Buffers, whose `slice` does not copy; nothing above this line should meet one. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)

/** Before and behind every key: tables begin with one byte, and none with these. */
const FIRST_KEY = Uint8Array.of(0x00)
const LAST_KEY = Uint8Array.of(0xff, 0xff)

/** What the abstract interface does not know either. */
interface ClassicLevel {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>
}

interface ClassicLevelClass {
  repair(location: string): Promise<void>
}

interface ClassicBatch {
  write(options: { readonly sync: boolean }): Promise<void>
}
