/**
 * A LevelDB store that knows which bytes each of its writes appended, so that a test can have the disk of any moment: what
 * LevelDB had written by then, cut at any byte. LevelDB appends each batch to one log file while less than its write buffer
 * was written; the other files of a store change only by the compaction that may follow its opening.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { KvOperation, KvReader, KvStore } from '../../core/kv.ts'
import { LevelStore } from '../../node/storage/level-store.ts'

export interface RecordedWrite {
  readonly operations: readonly KvOperation[]
  /** Bytes of the log file before the write, and after it. */
  readonly from: number
  readonly to: number
}

/** Readings of a store before it is said to be always compacting: a compaction of these small stores takes milliseconds. */
const MAX_READS = 1_000

/** Another thread may remove it at any moment. */
function readIfThere(file: string): Uint8Array | undefined {
  try {
    return fs.readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Not a part of the data: LevelDB makes these anew. */
const isOwnOf = (name: string): boolean => name === 'LOCK' || name === 'LOG' || name === 'LOG.old'

export class RecordedStore implements KvStore {
  readonly writes: RecordedWrite[] = []
  readonly #directory: string
  readonly #log: string
  readonly #store: LevelStore
  #last: Promise<void> = Promise.resolve()

  private constructor(directory: string, log: string, store: LevelStore) {
    this.#directory = directory
    this.#log = log
    this.#store = store
  }

  static async open(directory: string): Promise<RecordedStore> {
    const store = await LevelStore.open(directory)
    const logs = fs.readdirSync(directory).filter((name) => name.endsWith('.log'))
    if (logs.length !== 1) throw new Error(`an open store has one log file, not ${logs.join(' ')}`)
    return new RecordedStore(directory, logs[0]!, store)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key)
  }

  entries(range?: Parameters<KvReader['entries']>[0]): ReturnType<KvReader['entries']> {
    return this.#store.entries(range)
  }

  /** One write at a time, so that the bytes between two sizes are one write's. */
  write(operations: readonly KvOperation[], options?: { readonly sync?: boolean }): Promise<void> {
    this.#last = this.#last.then(async () => {
      const from = this.#size()
      await this.#store.write(operations, options)
      this.writes.push({ operations, from, to: this.#size() })
    })
    return this.#last
  }

  async close(): Promise<void> {
    await this.#last
    await this.#store.close()
  }

  /** What the disk holds, while the store is open. Read anew where LevelDB compacted in its own thread while it was read. */
  disk(): Disk {
    for (let attempt = 0; attempt < MAX_READS; attempt++) {
      const disk = this.#read()
      if (disk !== undefined) return disk
    }
    throw new Error(`${this.#directory} changes whenever it is read`)
  }

  #read(): Disk | undefined {
    const before = this.#fileNames()
    const files = new Map<string, Uint8Array>()
    for (const name of before) {
      const file = path.join(this.#directory, name)
      const content = readIfThere(file)
      if (content === undefined) return undefined
      files.set(name, content)
    }
    const bytes = fs.readFileSync(path.join(this.#directory, this.#log))
    const sizeNow = (name: string) => fs.statSync(path.join(this.#directory, name), { throwIfNoEntry: false })?.size
    const isWhole = before.every((name) => sizeNow(name) === files.get(name)!.length)
    return isWhole && this.#fileNames().length === before.length ? { files, log: this.#log, bytes } : undefined
  }

  #fileNames(): string[] {
    return fs.readdirSync(this.#directory).filter((name) => !isOwnOf(name) && name !== this.#log)
  }

  #size(): number {
    return fs.statSync(path.join(this.#directory, this.#log)).size
  }
}

export interface Disk {
  /** All other files of the store. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Name and content of the log file, to which every write appends. */
  readonly log: string
  readonly bytes: Uint8Array
}

/** Makes `directory` the store whose log holds `bytes`. No process has it open. */
export function putDisk(directory: string, disk: Disk, bytes: Uint8Array): void {
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory, { recursive: true })
  for (const [name, content] of disk.files) fs.writeFileSync(path.join(directory, name), content)
  fs.writeFileSync(path.join(directory, disk.log), bytes)
}
